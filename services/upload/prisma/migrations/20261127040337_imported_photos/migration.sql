-- CreateIndex
CREATE INDEX "import_entries_photo_id_idx" ON "import_entries"("photo_id");
