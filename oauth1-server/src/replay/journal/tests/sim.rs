//! A disk that loses what was not synced, tears writes, and fails when it is told to.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
};

use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

use super::super::disk::{Directory, File, FileIdentity, Mode};

/// A simulated disk with one directory. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

#[derive(Clone, Debug, Default)]
struct State {
    files: BTreeMap<u64, Content>,
    names: BTreeMap<String, u64>,
    synced_names: BTreeMap<String, u64>,
    next_inode: u64,
    operations: u64,
    failure: Option<Failure>,
    failed: u64,
}

#[derive(Clone, Debug, Default)]
struct Content {
    octets: Vec<u8>,
    synced: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write { offset: usize, octets: Vec<u8> },
    Truncate(usize),
}

/// Which operations fail, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure {
    /// The operation, counted from now on, 1 the first.
    pub(super) at: u64,
    /// Whether every multiple of it fails, or it alone.
    pub(super) again: bool,
    pub(super) kind: io::ErrorKind,
}

impl Disk {
    pub(super) fn fail(&self, failure: Option<Failure>) {
        let mut state = self.0.lock().unwrap();
        (state.failure, state.operations, state.failed) = (failure, 0, 0);
    }

    /// How many operations have failed as they were told to.
    pub(super) fn failed(&self) -> u64 {
        self.0.lock().unwrap().failed
    }

    /// What an unsynced disk is left with.
    pub(super) fn lose_power(&self, seed: u64) {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let state = &mut *self.0.lock().unwrap();
        let changed: Vec<_> =
            state.names.keys().chain(state.synced_names.keys()).cloned().collect();
        for name in changed {
            // A name that was not synced is there, or not; so is one whose removal was not.
            if random.random_bool(0.5) {
                match state.synced_names.get(&name) {
                    Some(inode) => state.names.insert(name, *inode),
                    None => state.names.remove(&name),
                };
            }
        }
        state.synced_names = state.names.clone();
        for content in state.files.values_mut() {
            content.settle(&mut random);
            content.octets = content.synced.clone();
        }
    }

    /// All that is in memory is gone.
    pub(super) fn wipe(&self) {
        *self.0.lock().unwrap() = State::default();
    }

    /// A copy of the content, with the same inodes: of a snapshot, or of a copy in place.
    pub(super) fn snapshot(&self) -> Self {
        Self(Arc::new(Mutex::new(self.0.lock().unwrap().clone())))
    }

    /// Goes back to a snapshot.
    pub(super) fn restore(&self, snapshot: &Self) {
        *self.0.lock().unwrap() = snapshot.0.lock().unwrap().clone();
    }

    /// Gives each file another inode, as a copy does.
    pub(super) fn renumber(&self) {
        let mut state = self.0.lock().unwrap();
        let moved: BTreeMap<_, _> = state
            .files
            .iter()
            .map(|(inode, content)| (inode + 1_000_000, content.clone()))
            .collect();
        state.files = moved;
        state.names.values_mut().for_each(|inode| *inode += 1_000_000);
        state.synced_names = state.names.clone();
    }

    /// Changes what a file holds, behind everybody's back.
    pub(super) fn tamper(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.0.lock().unwrap();
        let inode = state.names[name];
        let content = state.files.get_mut(&inode).unwrap();
        change(&mut content.octets);
        content.synced = content.octets.clone();
        content.pending.clear();
    }

    /// Removes a file, behind everybody's back.
    pub(super) fn erase(&self, name: &str) {
        let mut state = self.0.lock().unwrap();
        state.names.remove(name).unwrap();
        state.synced_names = state.names.clone();
    }

    fn step(&self) -> io::Result<std::sync::MutexGuard<'_, State>> {
        let mut state = self.0.lock().unwrap();
        state.operations += 1;
        if let Some(Failure { at, again, kind }) = state.failure
            && (state.operations == at || again && state.operations.is_multiple_of(at))
        {
            state.failed += 1;
            return Err(kind.into());
        }
        Ok(state)
    }
}

impl Content {
    /// What reaches the disk of the writes that were not synced: all of one, its beginning, or
    /// nothing, whatever became of those before it.
    fn settle(&mut self, random: &mut Xoshiro256PlusPlus) {
        for change in std::mem::take(&mut self.pending) {
            match change {
                Change::Write { offset, octets } => {
                    let len = match random.random_range(0..3) {
                        0 => continue,
                        1 => octets.len(),
                        _ => random.random_range(0..=octets.len()),
                    };
                    put(&mut self.synced, offset, &octets[..len]);
                }
                Change::Truncate(len) if random.random_bool(0.5) => self.synced.truncate(len),
                Change::Truncate(_) => {}
            }
        }
    }
}

fn put(content: &mut Vec<u8>, offset: usize, octets: &[u8]) {
    let end = offset + octets.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(octets);
}

impl Directory for Disk {
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.step()?.names.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let state = self.step()?;
        Ok(state.names.get(name).map(|inode| state.files[inode].octets.clone()))
    }

    fn open(&self, name: &str, _: Mode) -> io::Result<Arc<dyn File>> {
        let mut state = self.step()?;
        let inode = match state.names.get(name) {
            Some(inode) => *inode,
            None => {
                state.next_inode += 1;
                let inode = state.next_inode;
                state.names.insert(name.to_owned(), inode);
                state.files.insert(inode, Content::default());
                inode
            }
        };
        Ok(Arc::new(Handle { disk: self.clone(), inode }))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.step()?.names.remove(name);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.step()?;
        state.synced_names = state.names.clone();
        Ok(())
    }
}

#[derive(Debug)]
struct Handle {
    disk: Disk,
    inode: u64,
}

impl Handle {
    /// Applies a change; one that fails may have been made in part.
    fn change(&self, make: impl Fn(&Content) -> Change) -> io::Result<()> {
        let step = self.disk.step();
        let failed = step.as_ref().err().map(io::Error::kind);
        let mut state = match step {
            Ok(state) => state,
            Err(_) => self.disk.0.lock().unwrap(),
        };
        let operations = state.operations;
        let content = state.files.get_mut(&self.inode).unwrap();
        let mut change = make(content);
        if let Some(kind) = failed {
            match &mut change {
                Change::Write { octets, .. } => octets.truncate(operations as usize * 7 % 32),
                Change::Truncate(_) => return Err(kind.into()),
            }
        }
        match &change {
            Change::Write { offset, octets } => put(&mut content.octets, *offset, octets),
            Change::Truncate(len) => content.octets.truncate(*len),
        }
        content.pending.push(change);
        failed.map_or(Ok(()), |kind| Err(kind.into()))
    }
}

impl File for Handle {
    fn append(&self, octets: &[u8]) -> io::Result<usize> {
        let offset = |content: &Content| content.octets.len();
        self.change(|c| Change::Write { offset: offset(c), octets: octets.to_vec() })?;
        Ok(octets.len())
    }

    fn write_at(&self, octets: &[u8], offset: u64) -> io::Result<()> {
        self.change(|_| Change::Write { offset: offset as usize, octets: octets.to_vec() })
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.change(|_| Change::Truncate(len as usize))
    }

    fn sync(&self) -> io::Result<()> {
        match self.disk.step() {
            Ok(mut state) => {
                let content = state.files.get_mut(&self.inode).unwrap();
                content.synced = content.octets.clone();
                content.pending.clear();
                Ok(())
            }
            Err(error) => {
                // What failed is marked as clean: the next sync succeeds without writing it.
                let mut state = self.disk.0.lock().unwrap();
                let mut random = Xoshiro256PlusPlus::seed_from_u64(state.operations);
                state.files.get_mut(&self.inode).unwrap().settle(&mut random);
                Err(error)
            }
        }
    }

    fn identity(&self) -> io::Result<FileIdentity> {
        drop(self.disk.step()?);
        Ok(FileIdentity { device: 1, inode: self.inode })
    }
}
