//! `oauth1 logout`: forgets the token.

use serde_json::json;

use crate::{
    args::OutputArgs,
    failure::Failure,
    output::Output,
    profile::{Chosen, Why, gone},
};

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Profile whose token is forgotten [default: OAUTH1_PROFILE, or the active one]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

impl Args {
    pub(crate) fn run(&self) -> (Output, Result<u8, Failure>) {
        let output = Output::new(self.output.json, self.output.color);
        (output, self.logged_out(output).map(|()| 0))
    }

    fn logged_out(&self, output: Output) -> Result<(), Failure> {
        let profile = Chosen::find(self.profile.as_deref())?.ok_or_else(|| gone(Why::Active))?;
        let name = &profile.name;
        let had = profile.directory.change(|config, all| {
            let settings = config.profiles.get_mut(name).ok_or_else(|| gone(Why::Flag))?;
            let had = settings.access_token.take().is_some();
            settings.token_ends = None;
            if let Some(secrets) = all.get_mut(name) {
                (secrets.token_secret, secrets.session_handle) = (None, None);
            }
            Ok(had)
        })?;
        if had {
            output.say("note: the token is good until the provider ends it: its pages say how");
        }
        if output.json {
            return output.object(&json!({ "profile": name, "token_forgotten": had }));
        }
        output.line(&match had {
            true => format!("profile {name} has no token any more"),
            false => format!("profile {name} had no token"),
        })
    }
}
