-- AlterTable
ALTER TABLE "photos" ADD COLUMN     "search" tsvector,
ADD COLUMN     "search_words" TEXT;

-- CreateIndex
CREATE INDEX "photos_search_idx" ON "photos" USING GIN ("search") WITH (fastupdate = off);

-- Photos whose words are still to be made: those from before this migration, and those that a writer changed without new words.
CREATE INDEX "photos_without_search_idx" ON "photos" ("id") WHERE "search" IS NULL;

-- For near and bbox.
CREATE INDEX "photos_location_idx" ON "photos" USING GIST (point("location_lon", "location_lat"))
  WHERE "location_lat" IS NOT NULL;

-- A statement that writes a searchable field must write search_words, too. Otherwise the row loses its vector, and the catalog
-- makes a new one in the background, so that no vector is out of date.
CREATE FUNCTION "photos_search"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.search_words IS NOT NULL THEN
    NEW.search := NEW.search_words::tsvector;
    NEW.search_words := NULL;
  ELSIF TG_OP = 'UPDATE'
    AND (NEW.file_name, NEW.description, NEW.tags, NEW.place, NEW.camera_make, NEW.camera_model, NEW.lens_model)
      IS DISTINCT FROM
      (OLD.file_name, OLD.description, OLD.tags, OLD.place, OLD.camera_make, OLD.camera_model, OLD.lens_model)
  THEN
    NEW.search := NULL;
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER "photos_search" BEFORE INSERT OR UPDATE ON "photos"
  FOR EACH ROW EXECUTE FUNCTION "photos_search"();
