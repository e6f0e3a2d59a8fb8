//! Links the Linux program without relocations at start.
//!
//! With a position-independent image the loader rewrites some hundred pages of tables before `main`, at every prompt that
//! asks for something. Without it the image lies at a fixed address: what that gives up is in README, "Speed".

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |name: &str| std::env::var(name).unwrap_or_default();
    let is_static = target("CARGO_CFG_TARGET_FEATURE").split(',').any(|feature| feature == "crt-static");
    if target("CARGO_CFG_TARGET_OS") == "linux" && target("CARGO_CFG_TARGET_ENV") == "gnu" && is_static {
        println!("cargo::rustc-link-arg-bins=-static");
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
