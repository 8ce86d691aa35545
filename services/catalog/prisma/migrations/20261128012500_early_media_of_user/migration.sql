-- One early result for each user that results of a photo name: a forged one does not displace the owner's. A catalog of the previous
-- release cannot store early results any more; their events fail there, and are delivered again.
ALTER TABLE "early_media" ADD COLUMN "user_id" UUID;
UPDATE "early_media" SET "user_id" = ("payload"->>'userId')::uuid;
-- No photo could ever take a result that names no user.
DELETE FROM "early_media" WHERE "user_id" IS NULL;
ALTER TABLE "early_media" ALTER COLUMN "user_id" SET NOT NULL,
DROP CONSTRAINT "early_media_pkey",
ADD CONSTRAINT "early_media_pkey" PRIMARY KEY ("photo_id", "user_id");
