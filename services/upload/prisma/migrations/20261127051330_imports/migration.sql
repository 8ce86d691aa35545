-- AlterTable
ALTER TABLE "upload_sessions" ADD COLUMN     "import_entry_id" BIGINT;

-- CreateTable
CREATE TABLE "archives" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "hash" TEXT NOT NULL,
    "session_id" UUID NOT NULL,
    "storage_key" TEXT NOT NULL,
    "file_name" TEXT NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "stored_at" TIMESTAMPTZ(3) NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "archives_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "imports" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "source" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "restore" BOOLEAN NOT NULL,
    "pause_reason" TEXT,
    "pause_message" TEXT,
    "retry_at" TIMESTAMPTZ(3),
    "ignores_estimate" BOOLEAN NOT NULL DEFAULT false,
    "waiting" INTEGER NOT NULL DEFAULT 0,
    "imported" INTEGER NOT NULL DEFAULT 0,
    "duplicates" INTEGER NOT NULL DEFAULT 0,
    "failed" INTEGER NOT NULL DEFAULT 0,
    "unsupported" INTEGER NOT NULL DEFAULT 0,
    "sidecars" INTEGER NOT NULL DEFAULT 0,
    "ignored" INTEGER NOT NULL DEFAULT 0,
    "bytes_total" BIGINT NOT NULL DEFAULT 0,
    "bytes_processed" BIGINT NOT NULL DEFAULT 0,
    "bytes_per_second" DOUBLE PRECISION,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "worked_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "imports_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "import_parts" (
    "id" UUID NOT NULL,
    "import_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "archive_id" UUID,
    "path" TEXT,
    "name" TEXT NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "modified_at" TIMESTAMPTZ(3),
    "state" TEXT NOT NULL,
    "code" TEXT,
    "message" TEXT,

    CONSTRAINT "import_parts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "import_entries" (
    "id" BIGSERIAL NOT NULL,
    "import_id" UUID NOT NULL,
    "part_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "path" TEXT NOT NULL,
    "folder" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "compressed_bytes" BIGINT NOT NULL,
    "header_offset" BIGINT NOT NULL,
    "crc32" BIGINT NOT NULL,
    "method" INTEGER NOT NULL,
    "modified_at" TIMESTAMPTZ(3),
    "outcome" TEXT NOT NULL DEFAULT 'waiting',
    "code" TEXT,
    "message" TEXT,
    "is_read" BOOLEAN NOT NULL DEFAULT false,
    "facts" JSONB,
    "sidecar_id" BIGINT,
    "sidecar_rule" TEXT,
    "is_trashed" BOOLEAN NOT NULL DEFAULT false,
    "picture_id" BIGINT,
    "photo_id" UUID,
    "photo_state" TEXT,

    CONSTRAINT "import_entries_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "import_folders" (
    "import_id" UUID NOT NULL,
    "path" TEXT NOT NULL,
    "role" JSONB,
    "album_id" UUID,
    "is_matched" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "import_folders_pkey" PRIMARY KEY ("import_id","path")
);

-- CreateTable
CREATE TABLE "imported_albums" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "folder" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT,
    "is_made" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "imported_albums_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "user_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "answer" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("user_id","key")
);

-- CreateIndex
CREATE INDEX "archives_user_id_id_idx" ON "archives"("user_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "archives_user_id_hash_key" ON "archives"("user_id", "hash");

-- CreateIndex
CREATE INDEX "imports_user_id_id_idx" ON "imports"("user_id", "id");

-- CreateIndex
CREATE INDEX "imports_status_worked_at_idx" ON "imports"("status", "worked_at");

-- CreateIndex
CREATE INDEX "import_parts_archive_id_idx" ON "import_parts"("archive_id");

-- CreateIndex
CREATE UNIQUE INDEX "import_parts_import_id_position_key" ON "import_parts"("import_id", "position");

-- CreateIndex
CREATE INDEX "import_entries_import_id_outcome_role_is_read_is_trashed_id_idx" ON "import_entries"("import_id", "outcome", "role", "is_read", "is_trashed", "id");

-- CreateIndex
CREATE INDEX "import_entries_import_id_folder_idx" ON "import_entries"("import_id", "folder");

-- CreateIndex
CREATE INDEX "import_entries_photo_id_idx" ON "import_entries"("photo_id");

-- CreateIndex
CREATE UNIQUE INDEX "import_entries_part_id_number_key" ON "import_entries"("part_id", "number");

-- CreateIndex
CREATE INDEX "import_folders_import_id_is_matched_path_idx" ON "import_folders"("import_id", "is_matched", "path");

-- CreateIndex
CREATE UNIQUE INDEX "imported_albums_user_id_folder_key" ON "imported_albums"("user_id", "folder");

-- AddForeignKey
ALTER TABLE "import_parts" ADD CONSTRAINT "import_parts_import_id_fkey" FOREIGN KEY ("import_id") REFERENCES "imports"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "import_parts" ADD CONSTRAINT "import_parts_archive_id_fkey" FOREIGN KEY ("archive_id") REFERENCES "archives"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "import_entries" ADD CONSTRAINT "import_entries_part_id_fkey" FOREIGN KEY ("part_id") REFERENCES "import_parts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "import_folders" ADD CONSTRAINT "import_folders_import_id_fkey" FOREIGN KEY ("import_id") REFERENCES "imports"("id") ON DELETE CASCADE ON UPDATE CASCADE;
