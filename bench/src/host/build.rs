//! Builds the servers beside this program, so that one command runs what the sources say now.

use std::{
    env,
    ffi::OsStr,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};

/// Builds the servers in the profile this program was built in. Without cargo around, takes those that are there.
///
/// # Errors
/// When they do not build.
pub fn build_servers() -> anyhow::Result<()> {
    build(&[
        "--bin",
        "echo-server",
        "--bin",
        "floor-server",
        "--bin",
        "peer-server",
        "--bin",
        "poll-server",
    ])
}

/// Builds the program, in the profile this one was built in. Without cargo around, takes the one that is there.
///
/// # Errors
/// When it does not build.
pub fn build_program() -> anyhow::Result<()> {
    build(&["--package", "sockeye-app"])
}

fn build(what: &[&str]) -> anyhow::Result<()> {
    let (Some(cargo), Some(manifest_dir)) =
        (env::var_os("CARGO"), env::var_os("CARGO_MANIFEST_DIR"))
    else {
        return Ok(());
    };
    let exe = env::current_exe()?;
    let profile = match exe.parent().and_then(Path::file_name) {
        Some(folder) if folder == "debug" => OsStr::new("dev"),
        Some(folder) => folder,
        None => OsStr::new("release"),
    };
    let mut build = Command::new(cargo);
    // What cargo says of this package to a program it runs would make it build dependencies anew that look at it.
    for (name, _) in env::vars_os() {
        let is_of_package =
            |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        if name.to_str().is_some_and(is_of_package) {
            build.env_remove(name);
        }
    }
    let status = build
        .arg("build")
        .arg("--manifest-path")
        .arg(Path::new(&manifest_dir).join("Cargo.toml"))
        .args(what)
        .arg("--profile")
        .arg(profile)
        .stdout(Stdio::null())
        .status()
        .context("cargo can't be started")?;
    ensure!(status.success(), "the servers do not build");
    Ok(())
}
