-- Other terms that were agreed on left the first title, sum and currency in the row that lists and searches read.
UPDATE escrows
SET title = json_extract(document, '$.terms.title'),
    title_lower = lower(json_extract(document, '$.terms.title')),
    currency = json_extract(document, '$.terms.currency'),
    amount_minor = json_extract(document, '$.terms.amount_minor')
WHERE title <> json_extract(document, '$.terms.title')
    OR currency <> json_extract(document, '$.terms.currency')
    OR amount_minor <> json_extract(document, '$.terms.amount_minor');
