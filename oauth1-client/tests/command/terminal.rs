//! The command at a terminal, which Python makes.

use std::process::Command;

use crate::home::Home;

/// Runs the command at a terminal and gives each answer when its question is on the screen. The
/// exit code, and all that was on the screen; then whether the terminal echoes.
pub(crate) fn run(home: &Home, args: &[&str], answers: &[(&str, &str)]) -> Option<(i32, String)> {
    let mut command = Command::new("python3");
    command.args(["-c", SCRIPT, home.path("").to_str().unwrap(), env!("CARGO_BIN_EXE_oauth1")]);
    command.arg(serde_json::to_string(args).unwrap()).arg(serde_json::to_string(answers).unwrap());
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "python3: {error}");
            println!("SKIPPED: python3 is needed to make a terminal");
            return None;
        }
    };
    let screen = String::from_utf8(output.stdout).unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    Some((output.status.code().unwrap(), screen))
}

const SCRIPT: &str = r#"
import json, os, pty, signal, sys, termios
signal.alarm(60)
home, program, args, answers = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4])
pid, fd = pty.fork()
if pid == 0:
    os.execve(program, [program] + args, {"HOME": home, "NO_COLOR": "1"})
screen = b""
def more():
    global screen
    try:
        piece = os.read(fd, 4096)
    except OSError:
        piece = b""
    screen += piece
    return piece
seen = 0
for question, answer in answers:
    while question.encode() not in screen[seen:]:
        if not more():
            sys.exit("no %r in %r" % (question, screen))
    seen = screen.index(question.encode(), seen) + len(question)
    os.write(fd, answer.encode())
while more():
    pass
echo = b"?"
try:
    echo = b"on" if termios.tcgetattr(fd)[3] & termios.ECHO else b"off"
except termios.error:
    pass
sys.stdout.buffer.write(screen + b"\necho is " + echo + b"\n")
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;
