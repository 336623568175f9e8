//! `oauth1 completions` and `oauth1 man`: what shells and manuals want, on stdout.

use clap::Command;
use clap_complete::Shell;

use crate::{
    failure::Failure,
    output::{Color, Output},
};

#[derive(clap::Args, Debug)]
#[command(before_help = "\
Examples:
  oauth1 completions bash >~/.local/share/bash-completion/completions/oauth1
  oauth1 completions zsh >~/.zfunc/_oauth1
  oauth1 completions fish >~/.config/fish/completions/oauth1.fish")]
pub(crate) struct CompletionsArgs {
    shell: Shell,
}

#[derive(clap::Args, Debug)]
#[command(before_help = "\
Examples:
  oauth1 man >~/.local/share/man/man1/oauth1.1
  oauth1 man login | man -l -")]
pub(crate) struct ManArgs {
    /// Page of a subcommand
    subcommand: Option<String>,
}

impl CompletionsArgs {
    pub(crate) fn run(&self, mut command: Command) -> (Output, Result<u8, Failure>) {
        let output = Output::new(false, Color::Auto);
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut command, "oauth1", &mut text);
        (output, output.bytes(&text).map(|()| 0))
    }
}

impl ManArgs {
    pub(crate) fn run(&self, mut command: Command) -> (Output, Result<u8, Failure>) {
        let output = Output::new(false, Color::Auto);
        (output, self.printed(&mut command, output).map(|()| 0))
    }

    fn printed(&self, command: &mut Command, output: Output) -> Result<(), Failure> {
        command.build();
        let page = match &self.subcommand {
            None => command.clone(),
            Some(name) => command.find_subcommand(name).cloned().ok_or_else(|| {
                Failure::usage("there is no subcommand of this name", "see oauth1 --help")
            })?,
        };
        let mut text = Vec::new();
        let rendered = clap_mangen::Man::new(page).render(&mut text);
        rendered.map_err(|_| Failure::other("the page cannot be made", "see oauth1 --help"))?;
        output.bytes(&text)
    }
}
