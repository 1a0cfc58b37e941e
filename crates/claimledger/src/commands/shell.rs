//! `completions`, `man`: what a shell and a manual reader need, made from the command line itself.

use crate::{
    cli::Cli,
    exit_status::usage,
    terminal::{escape, print_line},
};
use anyhow::Result;
use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

/// Prints the completion script of a shell.
pub(crate) fn completions(shell: Shell) {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "claimledger", &mut script);
    print_line(String::from_utf8_lossy(&script).trim_end());
}

/// Prints the manual page of the program, or of one command.
pub(crate) fn man(name: Option<&str>) -> Result<()> {
    let mut program = Cli::command();
    program.build();
    let command = match name {
        None => program,
        Some(name) => program
            .find_subcommand(name)
            .ok_or_else(|| usage(format!("no command {}", escape(name))))?
            .clone()
            .display_name(format!("claimledger-{name}")),
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    print_line(String::from_utf8_lossy(&page).trim_end());
    Ok(())
}
