//! Pages of long lists: by the last row of the page before, never by counting from the start.

/// So many rows on a page.
pub const PAGE: usize = 25;
/// What is asked of the database: one row more than is shown says whether there is another page.
pub const ASKED: i64 = 26;

/// The rows of a page, and whether more come behind them.
#[derive(Debug)]
pub struct Cut<T> {
    pub rows: Vec<T>,
    pub more: bool,
}

impl<T> Cut<T> {
    /// Cuts what the database gave for [`ASKED`] rows.
    #[must_use]
    pub fn new(mut rows: Vec<T>) -> Self {
        let more = rows.len() > PAGE;
        rows.truncate(PAGE);
        Self { rows, more }
    }

    /// The address of the page behind this one, made from its last row; empty for none.
    #[must_use]
    pub fn next(&self, address: impl FnOnce(&T) -> String) -> String {
        self.rows.last().filter(|_| self.more).map_or_else(String::new, address)
    }
}

/// A path with a query of those pairs that have a value.
#[must_use]
pub fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = pairs.iter().filter(|(_, value)| !value.is_empty()).collect();
    if pairs.is_empty() {
        return path.to_owned();
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        query.append_pair(name, value);
    }
    format!("{path}?{}", query.finish())
}

/// One way to narrow a list, as a link above it.
#[derive(Clone, Debug)]
pub struct Filter {
    pub words: &'static str,
    pub href: String,
    pub is_chosen: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_more_than_fits_means_another_page() {
        let cut = Cut::new((0..26).collect());
        assert_eq!(
            (cut.rows.len(), cut.next(|last| format!("?before={last}"))),
            (25, "?before=24".to_owned())
        );
        let cut = Cut::new((0..25).collect());
        assert_eq!((cut.rows.len(), cut.next(|last| format!("?before={last}"))), (25, String::new()));
    }

    #[test]
    fn an_address_leaves_out_what_was_not_asked() {
        assert_eq!(address("/escrows", &[("show", ""), ("before", "")]), "/escrows");
        assert_eq!(address("/escrows", &[("show", "open"), ("q", "a b&c")]), "/escrows?show=open&q=a+b%26c");
    }
}
