//! How long things may grow.

use crate::rules::Fault;
use crate::source::{Source, functions};

macro_rules! ten_times {
    ($text:expr) => {
        concat!($text, $text, $text, $text, $text, $text, $text, $text, $text, $text)
    };
}

pub const LONG: &str = ten_times!(ten_times!("1\n2\n3\n4\n5\n6\n"));
pub const LONG_FUNCTION: &str = concat!("fn a() {\n", ten_times!("1;\n2;\n3;\n4;\n5;\n6;\n7;\n"), "}\n");

pub const LONG_TABLE: &str =
    concat!("fn a() {\nmatch b {\n", ten_times!("1 => 1,\n2,\n3,\n4,\n5,\n6,\n7,\n"), "}\n}\n");
pub const LONG_TABLE_AND_MORE: &str =
    concat!("fn a() {\nmatch b {\n", ten_times!("1 => 1,\n2,\n3,\n4,\n5,\n6,\n7,\n"), "}\nc();\n}\n");

const LINES_OF_A_FILE: usize = 500;
const LINES_OF_A_FUNCTION: usize = 70;

pub fn files_are_short(file: &Source) -> Vec<Fault> {
    let lines = file.text.lines().count();
    let data = file.path.ends_with(".txt") || file.path.ends_with(".svg") || file.is_under("static/vendor");
    if data || lines <= LINES_OF_A_FILE {
        return Vec::new();
    }
    vec![(lines, format!("has {lines} lines"))]
}

pub fn functions_are_short(file: &Source) -> Vec<Fault> {
    if !file.is_rust() {
        return Vec::new();
    }
    let all = functions(&file.code_with_tests).into_iter();
    all.filter(|it| it.lines > LINES_OF_A_FUNCTION && !it.is_table)
        .map(|it| (it.first, format!("{} has {} lines", it.name, it.lines)))
        .collect()
}
