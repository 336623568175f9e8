//! Where Redis is: the forms of the URL, and who is the primary.

use ::redis;
use redis::{Client, FromRedisValue, Value, aio::MultiplexedConnection};
use zeroize::Zeroizing;

use super::builder::RedisNonceStoreError;

/// A URL, taken apart. It may hold a password, so it is never shown.
pub(super) enum Address {
    One(Zeroizing<String>),
    Sentinel { hosts: Vec<String>, name: String, login: Login },
    Cluster { hosts: Vec<String>, login: Login },
}

pub(super) struct Login {
    /// `user:password@`, or empty.
    user: Zeroizing<String>,
    database: String,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, RedisNonceStoreError> {
        let (kind, rest) = match url.split_once("://") {
            Some(("redis+sentinel", rest)) => ("sentinel", rest),
            Some(("redis+cluster", rest)) => ("cluster", rest),
            _ => {
                Client::open(url).map_err(|_| RedisNonceStoreError::Url)?;
                return Ok(Self::One(Zeroizing::new(url.to_owned())));
            }
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (format!("{user}@"), hosts),
            None => (String::new(), authority),
        };
        let (name, database) = match kind {
            "sentinel" => path.split_once('/').unwrap_or((path, "")),
            _ => ("", path),
        };
        let port = if kind == "sentinel" { 26_379 } else { 6_379 };
        let hosts: Vec<_> = hosts.split(',').map(|host| with_port(host, port)).collect();
        let login = Login { user: Zeroizing::new(user), database: database.to_owned() };
        // What does not parse with one host does not parse at all.
        for host in &hosts {
            login.client(host)?;
        }
        match kind {
            "sentinel" if !name.is_empty() => {
                Ok(Self::Sentinel { hosts, name: name.to_owned(), login })
            }
            "cluster" if database.is_empty() => Ok(Self::Cluster { hosts, login }),
            _ => Err(RedisNonceStoreError::Url),
        }
    }

    /// The prefix of each shard's keys.
    pub(super) fn shards(&self, prefix: &str) -> Vec<String> {
        let shards = if matches!(self, Self::Cluster { .. }) { SHARDS } else { 1 };
        (0..shards).map(|shard| format!("{prefix}{{{shard}}}:")).collect()
    }

    /// The primary that has this key, and where it is.
    pub(super) async fn primary(&self, key: &str) -> redis::RedisResult<(Client, String)> {
        let mut error = None;
        let (hosts, login) = match self {
            Self::One(url) => return Ok((Client::open(url.as_str())?, String::new())),
            Self::Sentinel { hosts, login, .. } | Self::Cluster { hosts, login } => (hosts, login),
        };
        for host in hosts {
            let found = match self {
                Self::Sentinel { name, .. } => ask_sentinel(host, name).await,
                _ => ask_cluster(host, login, key).await,
            };
            match found {
                Ok(primary) => return Ok((login.open(&primary)?, primary)),
                Err(e) => error = Some(e),
            }
        }
        Err(error.unwrap_or_else(|| (redis::ErrorKind::Client, "no host is given").into()))
    }
}

impl Login {
    fn client(&self, host: &str) -> Result<Client, RedisNonceStoreError> {
        self.open(host).map_err(|_| RedisNonceStoreError::Url)
    }

    fn open(&self, host: &str) -> redis::RedisResult<Client> {
        let url = Zeroizing::new(format!("redis://{}{host}/{}", *self.user, self.database));
        Client::open(url.as_str())
    }
}

pub(super) async fn connect(client: &Client) -> redis::RedisResult<MultiplexedConnection> {
    // The callers have time-boxes of their own.
    let config = redis::AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None)
        .set_pipeline_buffer_size(1_024);
    client.get_multiplexed_async_connection_with_config(&config).await
}

async fn ask_sentinel(host: &str, name: &str) -> redis::RedisResult<String> {
    let mut sentinel = connect(&Client::open(format!("redis://{host}/"))?).await?;
    let mut ask = redis::cmd("SENTINEL");
    ask.arg("get-master-addr-by-name").arg(name);
    let found: Option<(String, u16)> = ask.query_async(&mut sentinel).await?;
    let (host, port) =
        found.ok_or((redis::ErrorKind::Client, "the Sentinel knows no such primary"))?;
    Ok(join(&host, port))
}

async fn ask_cluster(seed: &str, login: &Login, key: &str) -> redis::RedisResult<String> {
    let mut node = connect(&login.open(seed)?).await?;
    let slot: u16 = redis::cmd("CLUSTER").arg("KEYSLOT").arg(key).query_async(&mut node).await?;
    let ranges: Vec<Vec<Value>> = redis::cmd("CLUSTER").arg("SLOTS").query_async(&mut node).await?;
    for range in ranges {
        let [first, last, Value::Array(primary), ..] = &range[..] else { continue };
        let (first, last) = (u16::from_redis_value_ref(first)?, u16::from_redis_value_ref(last)?);
        if let ([host, port, ..], true) = (&primary[..], (first..=last).contains(&slot)) {
            let host = Option::<String>::from_redis_value_ref(host)?.unwrap_or_default();
            // A node that does not know its own name is the one that was asked.
            let asked = seed.rsplit_once(':').map_or(seed, |(host, _)| host).to_owned();
            let host = if host.is_empty() { asked } else { host };
            return Ok(join(&host, u16::from_redis_value_ref(port)?));
        }
    }
    Err((redis::ErrorKind::Client, "the cluster has no primary for this shard").into())
}

fn join(host: &str, port: u16) -> String {
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

fn with_port(host: &str, port: u16) -> String {
    let after_address = host.rsplit_once(']').map_or(host, |(_, rest)| rest);
    if after_address.contains(':') { host.to_owned() } else { format!("{host}:{port}") }
}

const SHARDS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_three_forms() {
        for (url, shards) in [
            ("redis://h/", 1),
            ("redis://user:p%40ss@h:1/2", 1),
            ("unix:///run/redis.sock", 1),
            ("redis+sentinel://a,b:2/name", 1),
            ("redis+sentinel://:secret@[::1]:3/name/4", 1),
            ("redis+cluster://a,b:2,c", 16),
        ] {
            assert_eq!(
                Address::parse(url).map(|a| a.shards("p").len()).ok(),
                Some(shards),
                "{url}"
            );
        }
        for url in [
            "",
            "h:1",
            "http://h/",
            "redis+sentinel://h",
            "redis+sentinel://h/",
            "redis+cluster://h/1",
            "redis+cluster://",
            "redis+sentinel://h:port/name",
            "rediss+cluster://h",
        ] {
            assert!(Address::parse(url).is_err(), "{url}");
        }
        assert_eq!(with_port("[::1]", 5), "[::1]:5");
        assert_eq!(join("::1", 5), "[::1]:5");
    }
}
