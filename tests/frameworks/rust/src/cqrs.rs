//! cqrs-es on SQLite and PostgreSQL: one table for both aggregates, as its own set-up script makes it.

use std::collections::HashMap;
use std::fmt::Display;

use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore};
use cqrs_es::{Aggregate, CqrsFramework, DomainEvent, EventStore};
use postgres_es::PostgresEventRepository;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sqlite_es::SqliteEventRepository;

use crate::domain::{Lead, Ticket};
use crate::{Writer, Step, pascal, snake_keys};

type Answer = Result<Value, String>;

/// The tables of both crates' set-up scripts; `STRICT` and `integer` on SQLite, `bigint` and `json` on PostgreSQL.
fn tables(whole: &str, text: &str, after: &str) -> [String; 2] {
    let key = "aggregate_type text NOT NULL, aggregate_id text NOT NULL";
    [
        format!(
            "CREATE TABLE IF NOT EXISTS events ({key}, sequence {whole} CHECK (sequence >= 0) NOT NULL, event_type text \
             NOT NULL, event_version text NOT NULL, payload {text} NOT NULL, metadata {text} NOT NULL, \
             PRIMARY KEY (aggregate_type, aggregate_id, sequence)){after}"
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS snapshots ({key}, last_sequence {whole} CHECK (last_sequence >= 0) NOT NULL, \
             current_snapshot {whole} CHECK (current_snapshot >= 0) NOT NULL, payload {text} NOT NULL, \
             PRIMARY KEY (aggregate_type, aggregate_id, last_sequence)){after}"
        ),
    ]
}

fn said(error: impl Display) -> String {
    error.to_string()
}

/// Where the repository keeps its rows.
#[derive(Clone)]
enum Pool {
    Sqlite(sqlx::SqlitePool),
    Postgres(sqlx::PgPool),
}

pub struct Cqrs {
    pool: Pool,
    snapshots: bool,
    /// In the order they were first written: the framework lists one aggregate at a time.
    seen: Vec<String>,
}

impl Cqrs {
    pub async fn open(place: &str, snapshots: bool) -> Result<Self, String> {
        let pool = if place.starts_with("postgres") {
            let pool = sqlx::PgPool::connect(place).await.map_err(said)?;
            for table in tables("bigint", "json", "") {
                sqlx::query(&table).execute(&pool).await.map_err(said)?;
            }
            Pool::Postgres(pool)
        } else {
            let pool = sqlite_es::default_sqlite_pool(&format!("sqlite://{place}")).await;
            for table in tables("integer", "text", " STRICT") {
                sqlx::query(&table).execute(&pool).await.map_err(said)?;
            }
            Pool::Sqlite(pool)
        };
        Ok(Self { pool, snapshots, seen: Vec::new() })
    }

    async fn with<A>(&self, id: &str, work: Work) -> Answer
    where
        A: Aggregate<Services = ()>,
        A::Command: DeserializeOwned,
    {
        match &self.pool {
            Pool::Sqlite(pool) => self.run::<A, _>(SqliteEventRepository::new(pool.clone()), id, work).await,
            Pool::Postgres(pool) => self.run::<A, _>(PostgresEventRepository::new(pool.clone()), id, work).await,
        }
    }

    async fn run<A, R>(&self, repository: R, id: &str, work: Work) -> Answer
    where
        A: Aggregate<Services = ()>,
        A::Command: DeserializeOwned,
        R: PersistedEventRepository,
        PersistedEventStore<R, A>: EventStore<A, AC = cqrs_es::persist::EventStoreAggregateContext<A>>,
    {
        let store: PersistedEventStore<R, A> = if self.snapshots {
            PersistedEventStore::new_snapshot_store(repository, 3)
        } else {
            PersistedEventStore::new_event_store(repository)
        };
        match work {
            Work::Append { event, metadata } => {
                let command = serde_json::from_value(event).map_err(said)?;
                let framework = CqrsFramework::new(store, vec![], ());
                framework.execute_with_metadata(id, command, metadata).await.map_err(said)?;
                Ok(Value::Null)
            }
            Work::Load => {
                let mut loaded = store.load_aggregate(id).await.map_err(said)?;
                let version = loaded.current_sequence;
                let mut state =
                    serde_json::to_value(cqrs_es::AggregateContext::aggregate(&mut loaded)).map_err(said)?;
                state["version"] = json!(version);
                Ok(state)
            }
            Work::List => {
                let events = store.load_events(id).await.map_err(said)?;
                let listed = events.iter().map(|event| {
                    json!({
                        "stream": format!("{}:{}", A::TYPE, event.aggregate_id),
                        "version": event.sequence,
                        "type": event.payload.event_type(),
                        "payload": event.payload,
                        "metadata": event.metadata,
                    })
                });
                Ok(listed.collect())
            }
        }
    }

    async fn on(&self, stream: &str, work: Work) -> Answer {
        match stream.split_once('-') {
            Some(("lead", id)) => self.with::<Lead>(id, work).await,
            Some(("ticket", id)) => self.with::<Ticket>(id, work).await,
            _ => Err(format!("{stream} is no lead and no ticket")),
        }
    }
}

enum Work {
    Append { event: Value, metadata: HashMap<String, String> },
    Load,
    List,
}

impl Writer for Cqrs {
    async fn append(&mut self, step: Step) -> Answer {
        if !self.seen.contains(&step.stream) {
            self.seen.push(step.stream.clone());
        }
        let metadata = step.metadata.into_iter().map(|(key, value)| (key.replace('-', "_"), value)).collect();
        let event = tagged(&pascal(&step.event_type), snake_keys(step.payload));
        self.on(&step.stream, Work::Append { event, metadata }).await
    }

    async fn load(&mut self, stream: &str) -> Answer {
        self.on(stream, Work::Load).await
    }

    async fn list(&mut self) -> Answer {
        let mut all = Vec::new();
        for stream in &self.seen {
            if let Value::Array(events) = self.on(stream, Work::List).await? {
                all.extend(events);
            }
        }
        Ok(Value::Array(all))
    }

    fn name(&self, stream: &str) -> String {
        stream.replacen('-', ":", 1)
    }
}

pub fn tagged(name: &str, fields: impl Serialize) -> Value {
    json!({ name: fields })
}
