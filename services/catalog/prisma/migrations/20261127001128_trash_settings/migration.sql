-- CreateTable
CREATE TABLE "trash_retention" (
    "user_id" UUID NOT NULL,
    "days" INTEGER NOT NULL,

    CONSTRAINT "trash_retention_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "trash_purges" (
    "user_id" UUID NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "trash_purges_pkey" PRIMARY KEY ("user_id")
);
