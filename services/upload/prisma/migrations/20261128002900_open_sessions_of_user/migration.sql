-- For counting the sessions that a user has open, at each announcement.
CREATE INDEX "upload_sessions_open_of_user_idx" ON "upload_sessions"("user_id") WHERE status = 'open' AND import_entry_id IS NULL;
