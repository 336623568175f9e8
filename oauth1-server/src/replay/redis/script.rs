//! The two scripts, and what they answer.

use redis::{Script, Value};

use super::{
    super::{
        NonceOutcome, NonceStoreError, NonceTagger, UsedNonce,
        slots::{SLOT_SECONDS, fenced},
    },
    Settings,
};
use crate::error::StoreError;
use ::redis;

/// One use that is recorded, or none, to see whether one could be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    pub(super) used: Option<&'a UsedNonce<'a>>,
    /// When the request was judged, for answers.
    pub(super) now: u64,
    /// What the clock says now, which is later if a body took its time.
    pub(super) clock: u64,
    pub(super) floor: u64,
    pub(super) width: u64,
}

/// What Redis says to a [`Call`].
#[derive(Debug)]
pub(super) enum Answer {
    Recorded(NonceOutcome),
    Refused(NonceStoreError),
    /// The data are not those that this node has last seen: the shard is attached anew.
    Lost(&'static str),
}

/// The scripts, with their hashes made once.
#[derive(Debug)]
pub(super) struct Scripts {
    record: Script,
    attach: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self { record: Script::new(RECORD), attach: Script::new(ATTACH) }
    }

    pub(super) async fn load(
        &self,
        connection: &mut redis::aio::MultiplexedConnection,
    ) -> redis::RedisResult<()> {
        self.record.load_async(connection).await.map(drop)
    }

    pub(super) async fn record(
        &self,
        connection: &mut redis::aio::MultiplexedConnection,
        (prefix, epoch): (&str, &str),
        (call, tagger): (&Call<'_>, &NonceTagger),
        settings: &Settings,
    ) -> redis::RedisResult<(String, i64)> {
        let timestamp = call.used.map_or(call.now, |used| used.timestamp.seconds());
        let slot = timestamp / SLOT_SECONDS;
        let tag = call.used.map(|used| tagger.tag(used).to_be_bytes());
        let client = call.used.map_or(0, |used| tagger.client_tag(used.client));
        let mut script = self.record.prepare_invoke();
        script
            .key(state_key(prefix))
            .key(format!("{prefix}n:{slot}"))
            .key(format!("{prefix}c:{client:032x}"))
            .key(format!("{prefix}slots"))
            .arg(epoch)
            .arg(timestamp)
            .arg(call.clock)
            .arg(call.floor)
            .arg(slot)
            .arg(tag.as_ref().map_or(&[][..], |tag| tag))
            .arg(settings.capacity)
            .arg(settings.quota)
            .arg(skew(settings))
            .arg(format!("{prefix}n:"))
            // Twice what is needed: a client's count may be lost without harm.
            .arg(2 * (call.width + 4 * SLOT_SECONDS));
        script.invoke_async(connection).await
    }

    /// Attaches to the data: makes a new epoch and a fence if they may have lost something.
    pub(super) async fn attach(
        &self,
        connection: &mut redis::aio::MultiplexedConnection,
        prefix: &str,
        seen: &Seen,
        (now, key): (u64, &[u8]),
        settings: &Settings,
    ) -> redis::RedisResult<Vec<Value>> {
        let mut script = self.attach.prepare_invoke();
        script
            .key(state_key(prefix))
            .arg(seen.generation())
            .arg(&seen.epoch)
            .arg(key)
            .arg(now)
            .arg(settings.future)
            .arg(skew(settings))
            .arg(u8::from(settings.first_start))
            .arg(seen.latest)
            .arg(u8::from(seen.suspect));
        script.invoke_async(connection).await
    }
}

/// What this node knows of a shard.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// The last epoch, as `generation:replication ID`.
    pub(super) epoch: String,
    /// The latest timestamp that was recorded.
    pub(super) latest: u64,
    /// Nonces may have been evicted.
    pub(super) suspect: bool,
}

impl Seen {
    fn generation(&self) -> &str {
        self.epoch.split_once(':').map_or("0", |(generation, _)| generation)
    }
}

pub(super) fn answer(call: &Call<'_>, (code, number): &(String, i64)) -> Answer {
    let number = u64::try_from(*number).unwrap_or(0);
    match code.as_str() {
        "fresh" | "ready" => Answer::Recorded(NonceOutcome::Fresh),
        "replayed" => Answer::Recorded(NonceOutcome::Replayed),
        "fenced" => Answer::Refused(fenced(number, call.now)),
        "full" => Answer::Refused(NonceStoreError::Full { retry_after: SLOT_SECONDS }),
        "quota" => {
            // A slot is dropped when the one after it has passed as well.
            let dropped_at = (number + 2) * SLOT_SECONDS;
            let first = (call.floor + 1) * SLOT_SECONDS;
            let retry_after = dropped_at.saturating_sub(first).max(1);
            Answer::Refused(NonceStoreError::OverQuota { retry_after })
        }
        "skew" => Answer::Refused(
            StoreError::new("the clocks of this server and of Redis differ: set them").into(),
        ),
        "role" => Answer::Lost("Redis is not a primary"),
        _ => Answer::Lost("Redis was restarted, replaced or emptied"),
    }
}

fn state_key(prefix: &str) -> String {
    format!("{prefix}state")
}

fn skew(settings: &Settings) -> i64 {
    settings.skew.map_or(-1, |skew| i64::try_from(skew).unwrap_or(i64::MAX))
}

/// Checks that these are the data that this node has attached to, and records one tag.
const RECORD: &str = r"
local replication = redis.call('INFO', 'replication')
if not string.find(replication, 'role:master', 1, true) then return {'role', 0} end
local state = redis.call('HMGET', KEYS[1], 'epoch', 'fence', 'floor', 'live')
local id = string.match(replication, 'master_replid:(%x+)')
if state[1] ~= ARGV[1] or id ~= string.match(ARGV[1], ':(%x+)$') then return {'epoch', 0} end
local stamp, now, slot = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[5])
local skew = tonumber(ARGV[9])
if skew >= 0 and math.abs(redis.call('TIME')[1] - now) > skew then return {'skew', 0} end
if stamp <= tonumber(state[2]) then return {'fenced', tonumber(state[2])} end

local floor, live = tonumber(state[3]), tonumber(state[4])
local record = ARGV[6] ~= ''
if record and tonumber(ARGV[4]) > floor then
  floor = tonumber(ARGV[4])
  -- Out of memory, a script may go on once it has written: what frees memory must not be refused.
  redis.call('HDEL', KEYS[1], '')
  redis.call('HSET', KEYS[1], 'floor', floor)
  local slots = redis.call('HGETALL', KEYS[4])
  for i = 1, #slots, 2 do
    if tonumber(slots[i]) < floor then
      redis.call('UNLINK', ARGV[10] .. slots[i])
      redis.call('HDEL', KEYS[4], slots[i])
      live = live - tonumber(slots[i + 1])
    end
  end
  redis.call('HSET', KEYS[1], 'live', live)
end
if slot < floor then return {'fenced', floor * 16} end
if record and redis.call('SISMEMBER', KEYS[2], ARGV[6]) == 1 then return {'replayed', 0} end
if live >= tonumber(ARGV[7]) then return {'full', 0} end
if not record then return {'ready', 0} end

local usage = redis.call('HMGET', KEYS[3], 'n', 'oldest')
local count, oldest = tonumber(usage[1] or 0), tonumber(usage[2] or slot)
if oldest < floor then
  count, oldest = 0, slot
  local all = redis.call('HGETALL', KEYS[3])
  for i = 1, #all, 2 do
    local s = tonumber(all[i])
    if s and s < floor then
      redis.call('HDEL', KEYS[3], all[i])
    elseif s then
      count = count + tonumber(all[i + 1])
      oldest = math.min(oldest, s)
    end
  end
end
if count >= tonumber(ARGV[8]) then return {'quota', oldest} end

redis.call('SADD', KEYS[2], ARGV[6])
redis.call('HINCRBY', KEYS[4], slot, 1)
redis.call('HSET', KEYS[1], 'live', live + 1)
redis.call('HINCRBY', KEYS[3], slot, 1)
redis.call('HSET', KEYS[3], 'n', count + 1, 'oldest', math.min(oldest, slot))
redis.call('EXPIRE', KEYS[3], ARGV[11])
return {'fresh', 0}
";

/// Makes a new epoch, unless the data are those that were left, or another node has made one.
const ATTACH: &str = r"
local replication = redis.call('INFO', 'replication')
if not string.find(replication, 'role:master', 1, true) then return {'role'} end
local id = string.match(replication, 'master_replid:(%x+)')
if not id then return {'replid'} end
local now, future, skew = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local time = redis.call('TIME')
if skew >= 0 and math.abs(time[1] - now) > skew then return {'skew', time[1]} end
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local state = redis.call('HMGET', KEYS[1], 'epoch', 'fence', 'key', 'run')
local epoch, last = state[1], tonumber(ARGV[1])
local generation = epoch and tonumber(string.match(epoch, '^(%d+):')) or 0
if epoch and state[3] and ARGV[9] == '0' and (generation > last or epoch == ARGV[2]) then
  if string.match(epoch, ':(%x+)$') == id then return {'attached', epoch, state[2], state[3]} end
  -- The same process, which was no replica meanwhile: it has got a replica, or lost the last one.
  if state[4] == run and string.match(replication, 'master_replid2:0+%s') then
    epoch = string.format('%.0f:%s', generation + 1, id)
    redis.call('HSET', KEYS[1], 'epoch', epoch)
    return {'attached', epoch, state[2], state[3]}
  end
end

local fence = tonumber(state[2] or 0)
if epoch or last > 0 or ARGV[7] == '0' then
  -- Three times: between nodes and Redis, and between the Redis of before and this one.
  fence = math.max(fence, now + future + 3 * math.max(skew, 0), tonumber(ARGV[8]))
end
-- The time, so that what begins anew counts on from what was lost.
generation = math.max(generation + 1, last + 1, time[1] * 1000 + math.floor(time[2] / 1000))
epoch = string.format('%.0f:%s', generation, id)
redis.call('HSET', KEYS[1], 'epoch', epoch, 'fence', string.format('%.0f', fence), 'key', state[3] or ARGV[3], 'run', run)
redis.call('HSETNX', KEYS[1], 'floor', 0)
redis.call('HSETNX', KEYS[1], 'live', 0)
return {'attached', epoch, string.format('%.0f', fence), state[3] or ARGV[3]}
";
