-- CreateTable
CREATE TABLE "upload_sessions" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "device_id" UUID,
    "hash" TEXT NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "mime_type" TEXT NOT NULL,
    "file_name" TEXT NOT NULL,
    "captured_at" TIMESTAMPTZ(3),
    "width" INTEGER,
    "height" INTEGER,
    "location_lat" DOUBLE PRECISION,
    "location_lon" DOUBLE PRECISION,
    "chunk_size" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "open_key" TEXT,
    "failure_code" TEXT,
    "photo_id" UUID NOT NULL,
    "storage_key" TEXT NOT NULL,
    "staging_id" TEXT,
    "replaces" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "upload_sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "upload_chunks" (
    "session_id" UUID NOT NULL,
    "index" INTEGER NOT NULL,
    "etag" TEXT NOT NULL,

    CONSTRAINT "upload_chunks_pkey" PRIMARY KEY ("session_id","index")
);

-- CreateTable
CREATE TABLE "originals" (
    "photo_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "hash" TEXT NOT NULL,
    "session_id" UUID NOT NULL,
    "storage_key" TEXT NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "stored_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "purged_at" TIMESTAMPTZ(3),

    CONSTRAINT "originals_pkey" PRIMARY KEY ("photo_id")
);

-- CreateTable
CREATE TABLE "outbox_messages" (
    "id" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "request_id" TEXT,
    "payload" JSONB NOT NULL,

    CONSTRAINT "outbox_messages_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "upload_sessions_open_key_key" ON "upload_sessions"("open_key");

-- CreateIndex
CREATE INDEX "upload_sessions_status_expires_at_idx" ON "upload_sessions"("status", "expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "originals_user_id_hash_key" ON "originals"("user_id", "hash");

-- AddForeignKey
ALTER TABLE "upload_chunks" ADD CONSTRAINT "upload_chunks_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "upload_sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;
