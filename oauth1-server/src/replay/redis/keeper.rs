//! The task that attaches a shard, and looks after it.

use std::sync::{Arc, atomic::Ordering};

use ::redis;
use oauth1_core::stamp::NoRandomness;
use rand::{TryRng, rngs::SysRng};
use redis::{FromRedisValue, Value, aio::MultiplexedConnection};
use zeroize::Zeroizing;

use super::{
    super::{
        NonceTagger,
        link::{self, Link},
    },
    address::{Address, connect},
    builder::RedisNonceStoreError,
    shard::{Attached, Shard},
};
use crate::clock::Clock;

/// Attaches one shard, again and again.
pub(super) struct Keeper {
    pub(super) shard: Arc<Shard>,
    pub(super) address: Arc<Address>,
    pub(super) clock: Arc<dyn Clock>,
}

impl link::Keeper for Keeper {
    type Attached = Attached;
    type Error = RedisNonceStoreError;

    fn link(&self) -> &Link<Attached> {
        &self.shard.link
    }

    async fn attach(&self) -> Result<(), RedisNonceStoreError> {
        let shard = &self.shard;
        let (client, place) = self.address.primary(&shard.prefix).await?;
        let mut connection = connect(&client).await?;
        self.check_policy(&mut connection).await?;
        shard.scripts.load(&mut connection).await?;

        let now = self.clock.now().ok_or(RedisNonceStoreError::Clock)?.seconds();
        let mut key = Zeroizing::new([0; 16]);
        SysRng.try_fill_bytes(&mut *key).map_err(|_| NoRandomness)?;
        let seen = shard.seen();
        let answer = shard.scripts.attach(
            &mut connection,
            &shard.prefix,
            &seen,
            (now, &*key),
            &shard.settings,
        );
        let answer = answer.await?;
        let [code, rest @ ..] = &answer[..] else { return Err(RedisNonceStoreError::NotRedis) };
        match (String::from_redis_value_ref(code).unwrap_or_default().as_str(), rest) {
            ("attached", [epoch, fence, key]) => {
                let key = Zeroizing::new(
                    Vec::<u8>::from_redis_value_ref(key)
                        .map_err(|_| RedisNonceStoreError::NotRedis)?,
                );
                let key =
                    <[u8; 16]>::try_from(&key[..]).map_err(|_| RedisNonceStoreError::NotRedis)?;
                let attached = Attached {
                    connection,
                    epoch: text(epoch)?,
                    tagger: NonceTagger::new(key),
                    place,
                };
                let fence = text(fence)?.parse().map_err(|_| RedisNonceStoreError::NotRedis)?;
                shard.attach(attached, fence, now);
                Ok(())
            }
            ("role", _) => Err(RedisNonceStoreError::NotPrimary),
            ("skew", [time]) => {
                let time: u64 = text(time)?.parse().map_err(|_| RedisNonceStoreError::NotRedis)?;
                Err(RedisNonceStoreError::ClockDiffers { by: time.abs_diff(now) })
            }
            _ => Err(RedisNonceStoreError::NotRedis),
        }
    }

    async fn check(&self, attached: &Attached) -> Result<(), RedisNonceStoreError> {
        self.check_policy(&mut attached.connection.clone()).await?;
        let (_, place) = self.address.primary(&self.shard.prefix).await?;
        if place == attached.place { Ok(()) } else { Err(RedisNonceStoreError::NotPrimary) }
    }
}

impl Keeper {
    /// Evicted nonces are replays that are accepted.
    async fn check_policy(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), RedisNonceStoreError> {
        let memory: String = redis::cmd("INFO").arg("memory").query_async(connection).await?;
        let policy = memory.lines().find_map(|line| line.strip_prefix("maxmemory_policy:"));
        match policy.map(str::trim) {
            Some("noeviction") => Ok(()),
            Some(policy) => {
                self.shard.suspect.store(true, Ordering::Release);
                Err(RedisNonceStoreError::Eviction(policy.to_owned()))
            }
            None => Err(RedisNonceStoreError::NotRedis),
        }
    }
}

fn text(value: &Value) -> Result<String, RedisNonceStoreError> {
    String::from_redis_value_ref(value).map_err(|_| RedisNonceStoreError::NotRedis)
}
