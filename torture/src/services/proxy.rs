//! A TCP proxy that can stop forwarding.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// Forwards connections to a server, as long as it is told to.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    target: Mutex<SocketAddr>,
    /// Counts the targets; connections end with theirs.
    switches: AtomicU64,
    /// Nothing is forwarded, and nothing is lost; connections are taken.
    stalled: AtomicBool,
    /// Connections are broken, and new ones as well.
    cut: AtomicBool,
    delay_ms: AtomicU64,
    stopped: AtomicBool,
}

impl Proxy {
    /// A proxy in front of this address.
    ///
    /// # Errors
    /// If it cannot listen.
    pub fn start(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            target: Mutex::new(target),
            switches: AtomicU64::new(0),
            stalled: AtomicBool::new(false),
            cut: AtomicBool::new(false),
            delay_ms: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        });
        let accepting = state.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                if accepting.stopped.load(Ordering::Acquire) {
                    return;
                }
                let (Ok(client), false) = (client, accepting.cut.load(Ordering::Acquire)) else {
                    continue;
                };
                let switches = accepting.switches.load(Ordering::Acquire);
                let target = *accepting.target.lock().unwrap_or_else(PoisonError::into_inner);
                if let Ok(server) = TcpStream::connect(target) {
                    let _ = forward(client, server, &accepting, switches);
                }
            }
        });
        Ok(Self { address, state })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops forwarding, or goes on; what was sent meanwhile arrives then.
    pub fn stall(&self, stalled: bool) {
        self.state.stalled.store(stalled, Ordering::Release);
    }

    /// Breaks all connections and takes no more, or takes them again.
    pub fn cut(&self, cut: bool) {
        self.state.cut.store(cut, Ordering::Release);
    }

    /// Breaks all connections; new ones lead to this address.
    pub fn switch(&self, target: SocketAddr) {
        *self.state.target.lock().unwrap_or_else(PoisonError::into_inner) = target;
        self.state.switches.fetch_add(1, Ordering::AcqRel);
    }

    /// How long everything takes in each direction, in milliseconds.
    pub fn delay(&self, milliseconds: u64) {
        self.state.delay_ms.store(milliseconds, Ordering::Release);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::Release);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

fn forward(
    client: TcpStream,
    server: TcpStream,
    state: &Arc<State>,
    switches: u64,
) -> io::Result<()> {
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TICK))?;
    }
    for (from, to) in
        [(client.try_clone()?, server.try_clone()?), (server.try_clone()?, client.try_clone()?)]
    {
        let state = state.clone();
        thread::spawn(move || {
            let _ = copy(&from, &to, &state, switches);
            let _ = from.shutdown(Shutdown::Both);
            let _ = to.shutdown(Shutdown::Both);
        });
    }
    Ok(())
}

fn copy(mut from: &TcpStream, mut to: &TcpStream, state: &State, switches: u64) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => 0,
            Err(error) => return Err(error),
        };
        thread::sleep(Duration::from_millis(match read {
            0 => 0,
            _ => state.delay_ms.load(Ordering::Acquire),
        }));
        while state.stalled.load(Ordering::Acquire) && !state.is_over(switches) {
            thread::sleep(TICK);
        }
        if state.is_over(switches) {
            return Ok(());
        }
        to.write_all(&buffer[..read])?;
    }
}

impl State {
    fn is_over(&self, switches: u64) -> bool {
        self.cut.load(Ordering::Acquire)
            || self.stopped.load(Ordering::Acquire)
            || self.switches.load(Ordering::Acquire) != switches
    }
}

const TICK: Duration = Duration::from_millis(5);
