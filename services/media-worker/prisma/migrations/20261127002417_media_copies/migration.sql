-- CreateTable
CREATE TABLE "media_copies" (
    "key" TEXT NOT NULL,
    "photo_id" UUID NOT NULL,
    "outcome" TEXT NOT NULL DEFAULT 'pending',
    "reason" TEXT,
    "used_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "media_copies_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE INDEX "media_copies_used_at_idx" ON "media_copies"("used_at");

-- CreateIndex
CREATE INDEX "media_copies_photo_id_idx" ON "media_copies"("photo_id");
