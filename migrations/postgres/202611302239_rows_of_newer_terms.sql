-- Other terms that were agreed on left the first title, sum and currency in the row that lists and searches read.
UPDATE escrows
SET title = document::json #>> '{terms,title}',
    title_lower = lower(document::json #>> '{terms,title}'),
    currency = document::json #>> '{terms,currency}',
    amount_minor = (document::json #>> '{terms,amount_minor}')::bigint
WHERE title <> document::json #>> '{terms,title}'
    OR currency <> document::json #>> '{terms,currency}'
    OR amount_minor <> (document::json #>> '{terms,amount_minor}')::bigint;
