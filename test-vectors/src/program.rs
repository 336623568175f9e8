//! Driving a program over its standard input and output, one line of JSON each way.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use crate::model::Case;
use crate::runner::{Implementation, Reply};

/// A program that answers cases. It is started anew after it ended or gave no answer in time.
#[derive(Debug)]
pub struct Program {
    command: String,
    timeout: Duration,
    running: Option<Running>,
    lost: usize,
    answered: bool,
    not_found: bool,
}

#[derive(Debug)]
struct Running {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Program {
    /// A program to be started by the shell.
    #[must_use]
    pub fn new(command: &str, timeout: Duration) -> Self {
        let command = command.to_owned();
        Self { command, timeout, running: None, lost: 0, answered: false, not_found: false }
    }

    /// Why no case could be put at all, if the shell found no such program.
    #[must_use]
    pub fn never_started(&self) -> Option<String> {
        (!self.answered && self.not_found)
            .then(|| format!("the command {:?} could not be started; check --impl", self.command))
    }

    fn start(&self) -> Result<Running, String> {
        let mut child = Command::new("sh")
            .args(["-c", &self.command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the shell could not be started: {error}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the program has no standard input or output".to_owned());
        };
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Running { child, input, lines })
    }

    fn exchange(&mut self, line: &str) -> Result<String, String> {
        let mut running = match self.running.take() {
            Some(running) => running,
            None => self.start()?,
        };
        let sent = running.input.write_all(line.as_bytes()).and_then(|()| running.input.flush());
        let received = match sent {
            Ok(()) => running.lines.recv_timeout(self.timeout),
            Err(_) => Err(RecvTimeoutError::Disconnected),
        };
        match received {
            Ok(answer) => {
                self.answered = true;
                self.running = Some(running);
                Ok(answer)
            }
            Err(RecvTimeoutError::Timeout) => {
                self.lost += 1;
                running.stop();
                Err(format!("no answer within {} seconds", self.timeout.as_secs()))
            }
            Err(RecvTimeoutError::Disconnected) => {
                self.lost += 1;
                let code = running.stop();
                // What a shell says of a command it does not find or may not run.
                self.not_found |= matches!(code, Some(126 | 127));
                Err("the program ended without an answer".to_owned())
            }
        }
    }
}

impl Running {
    fn stop(self) -> Option<i32> {
        let Self { mut child, input, lines } = self;
        drop((input, lines));
        // A program that closed its output is about to end by itself; any other is ended.
        for _ in 0..20 {
            if let Ok(Some(status)) = child.try_wait() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill();
        child.wait().ok().and_then(|status| status.code())
    }
}

impl Implementation for Program {
    fn answer(&mut self, case: &Case) -> Result<Reply, String> {
        if self.lost >= PATIENCE {
            return Err(format!("not asked: the program was lost {PATIENCE} times before"));
        }
        let line = case.request().to_line() + "\n";
        Reply::read(&self.exchange(&line)?, &case.id)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
        }
    }
}

/// How often a program may end or fall silent before the rest of the cases is given up.
const PATIENCE: usize = 5;
