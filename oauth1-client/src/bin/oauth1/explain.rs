//! `oauth1 explain`: the derivation of a signature, step by step.

use oauth1_client::core::{
    Explanation, Secrets, SignError, SignableBody, protocol_parameters as names,
};

use crate::{
    args::{CredentialArgs, OutputArgs, ProtocolArgs, RequestArgs, Transmit},
    captured::Captured,
    compare::{CompareArgs, DifferenceJson},
    credentials::{Credentials, Needed},
    derivation::{Derivation, Provenance},
    failure::{Failure, Kind},
    input::{Input, Wire},
    message::FromArgs,
    output::Output,
    source::Sources,
};

#[derive(clap::Args, Debug)]
#[command(before_help = "\
Examples:
  oauth1 explain https://api.example.com/1/me full==1
  oauth1 explain https://api.example.com/1/me --compare base-string.txt
  oauth1 explain --from curl.txt --json

With --from, what the Authorization header says is used again: nonce, timestamp, keys.
Without secrets, the steps end with the base string.")]
pub(crate) struct Args {
    #[command(flatten)]
    request: RequestArgs,
    #[command(flatten)]
    from: FromArgs,
    #[command(flatten)]
    credentials: CredentialArgs,
    #[command(flatten)]
    protocol: ProtocolArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    compare: CompareArgs,
    /// Show the key, and the signature of PLAINTEXT
    #[arg(long, help_heading = "Output")]
    show_secrets: bool,
}

impl Args {
    pub(crate) fn run(&self) -> (Output, Result<u8, Failure>) {
        let output = Output::new(self.output.json, self.output.color);
        (output, self.explained(output))
    }

    fn explained(&self, output: Output) -> Result<u8, Failure> {
        let sources = Sources::new(output);
        let from = self.from.input(&sources)?;
        let captured = match &from {
            Some(input) => Captured::from_input(input)?,
            None => Captured::default(),
        };
        let credentials = Credentials::resolve(&self.credentials, &captured, &sources, output)?;
        let transmit = credentials.transmit(&self.protocol, &captured);
        let input = match from {
            Some(input) => input,
            None => Input::from_args(&self.request, transmit, Wire::ToBeSent, &sources, output)?
                .unsigned(transmit)?,
        };
        let theirs = self.compare.theirs(&sources)?;
        let signer = credentials.signer(&self.protocol, &captured, Needed::No)?;
        let stamp =
            self.protocol.stamp((captured.own(names::NONCE), captured.own(names::TIMESTAMP)))?;
        let mut signable = input.signable()?;
        if transmit == Transmit::Form && !input.is_form() {
            if !input.request.body.is_empty() {
                return Err(SignError::NotForm.into());
            }
            signable = signable.with_body(SignableBody::Form(&[]));
        }
        let explanation = signer.explain(&signable, &stamp)?;
        let complete = signer.method().is_rsa()
            || (credentials.client_secret.is_some()
                && (credentials.token.is_none() || credentials.token_secret.is_some()));
        let difference = DifferenceJson::between(explanation.base_string(), theirs.as_deref());
        let captured_signature = captured.get(names::SIGNATURE).filter(|_| complete);
        let matches = captured_signature.map(|theirs| explanation.signature() == Some(theirs));
        let provenance = Provenance::of(&credentials, &self.protocol, &captured, &stamp);
        let different = difference.is_some() || matches == Some(false);
        let secrets = if self.show_secrets { Secrets::Shown } else { Secrets::Masked };

        if output.json {
            let difference = difference.map(|(_, json)| json);
            output.object(&Derivation {
                input: &input,
                provenance: &provenance,
                explanation: &explanation,
                secrets,
                complete,
                realm: self.protocol.realm.as_deref().or(captured.realm.as_deref()),
                difference,
                matches,
            })?;
        } else {
            output.steps(&provenance.text(&input))?;
            output.steps(&steps(&explanation, secrets, complete))?;
            if let Some(matches) = matches {
                let verdict = if matches { "is the one above" } else { "is another one" };
                output.line(&format!("The signature in the Authorization header {verdict}."))?;
            }
            match (&theirs, difference) {
                (_, Some((difference, _))) => {
                    output.steps(&format!("First difference: {difference}"))?;
                }
                (Some(_), None) => output.line("The base strings are equal.")?,
                (None, None) => {}
            }
        }
        Ok(if different { Kind::Difference.exit_code() } else { 0 })
    }
}

/// Core's text; without secrets it ends before the key.
fn steps(explanation: &Explanation, secrets: Secrets, complete: bool) -> String {
    let mut text = explanation.display(secrets).to_string();
    if !complete && let Some(at) = text.rfind("\n6. ") {
        text.truncate(at);
        text.push_str(
            "\n6. The key and the signature are left out: the App secret or Token secret is missing",
        );
    }
    text
}
