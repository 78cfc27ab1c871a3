//! `sqlx::migrate!` reads the migrations while compiling, and without this Cargo would not notice a new one.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
