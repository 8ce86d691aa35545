-- CreateIndex
CREATE INDEX "feed_entries_entity_id_idx" ON "feed_entries"("entity_id");
