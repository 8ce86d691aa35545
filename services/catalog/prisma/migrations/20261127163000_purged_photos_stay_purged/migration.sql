-- A statement that records photos reads which were purged from the snapshot of its start. When a purge commits after that, only this
-- trigger sees it: the statement fails as a serialization failure (40001), and a repetition of it sees the purge.
CREATE FUNCTION photos_stay_purged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM new_photos JOIN purged_photos USING (id)) THEN
    RAISE EXCEPTION 'a purged photo was recorded again' USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER photos_stay_purged AFTER INSERT ON photos
REFERENCING NEW TABLE AS new_photos FOR EACH STATEMENT EXECUTE FUNCTION photos_stay_purged();
