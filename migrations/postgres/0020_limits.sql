-- A version of a currency's rules names its limits too; where it leaves one out, the program's own applies.

-- The smallest price of a deal, and of an instant one.
ALTER TABLE fee_schedules ADD COLUMN smallest_minor BIGINT
    CONSTRAINT fee_schedules_smallest CHECK (smallest_minor IS NULL OR smallest_minor > 0);
ALTER TABLE fee_schedules ADD COLUMN smallest_instant_minor BIGINT
    CONSTRAINT fee_schedules_smallest_instant CHECK (smallest_instant_minor IS NULL OR smallest_instant_minor > 0);
-- Above what is at stake in a dispute a second operator has to agree.
ALTER TABLE fee_schedules ADD COLUMN second_operator_above_minor BIGINT
    CONSTRAINT fee_schedules_second_operator
    CHECK (second_operator_above_minor IS NULL OR second_operator_above_minor >= 0);
