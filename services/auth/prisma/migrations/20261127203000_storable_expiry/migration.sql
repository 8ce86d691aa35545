-- A time after the year 9999 cannot be read back, and would hide every other row of its list.
UPDATE "invites" SET "expires_at" = '9999-12-31T23:59:59.999Z' WHERE "expires_at" > '9999-12-31T23:59:59.999Z';
ALTER TABLE "invites" ADD CONSTRAINT "invites_expires_at_storable" CHECK ("expires_at" <= '9999-12-31T23:59:59.999Z');
