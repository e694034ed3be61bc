//! disintegrate: no streams; each event carries the ids that it is about, and a decision asks for the events it needs.

use disintegrate::serde::json::Json;
use disintegrate::{Event, EventStore, StreamItem, StreamQuery, query};
use disintegrate_postgres::PgEventStore;
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;

use crate::cqrs::tagged;
use crate::{Writer, Step, pascal, snake_keys};

#[derive(Clone, Debug, PartialEq, Event, Serialize, Deserialize)]
pub enum CrmEvent {
    LeadInitialized {
        #[id]
        lead_id: String,
        name: String,
        phone: Option<String>,
    },
    Contacted {
        #[id]
        lead_id: String,
        channel: String,
        note: Option<String>,
    },
    ContactRetracted {
        #[id]
        lead_id: String,
    },
    FollowupSet {
        #[id]
        lead_id: String,
        followup_on: String,
    },
    ContactDetailsUpdated {
        #[id]
        lead_id: String,
        name: Option<String>,
        phone: Option<String>,
    },
    OrderSubmitted {
        #[id]
        lead_id: String,
        payment_deadline: String,
        order: Option<Value>,
    },
    PaymentConfirmed {
        #[id]
        lead_id: String,
        status: String,
    },
    PaymentFailed {
        #[id]
        lead_id: String,
        reason: String,
    },
    LeadClosed {
        #[id]
        lead_id: String,
        reason: String,
    },
    TicketInitialized {
        #[id]
        ticket_id: String,
        customer: String,
        subject: String,
        priority: String,
    },
    AgentAssigned {
        #[id]
        ticket_id: String,
        agent: String,
    },
    TicketViewed {
        #[id]
        ticket_id: String,
        agent: String,
    },
    MessagePosted {
        #[id]
        ticket_id: String,
        role: String,
        author: String,
        body: String,
    },
    PriorityChanged {
        #[id]
        ticket_id: String,
        priority: String,
    },
    TicketEscalated {
        #[id]
        ticket_id: String,
        reason: String,
    },
    TicketClosed {
        #[id]
        ticket_id: String,
        by: String,
        reason: String,
    },
    TicketReopened {
        #[id]
        ticket_id: String,
        by: String,
    },
}

pub struct Tags {
    store: PgEventStore<CrmEvent, Json<CrmEvent>>,
}

impl Tags {
    pub async fn open(address: &str) -> Result<Self, String> {
        let said = |error: sqlx::Error| error.to_string();
        // Its function for epochs is written with a hexadecimal number, which PostgreSQL before 16 cannot read. There
        // the function is created unread, and replaced by the same with that number in decimal.
        let options = address.parse::<PgConnectOptions>().map_err(said)?.options([("check_function_bodies", "off")]);
        let pool = sqlx::PgPool::connect_with(options).await.map_err(said)?;
        let store = PgEventStore::try_new(pool.clone(), Json::default()).await.map_err(|error| error.to_string())?;
        let (mut definition,): (String,) =
            sqlx::query_as("SELECT pg_get_functiondef('event_store_begin_epoch'::regproc)")
                .fetch_one(&pool)
                .await
                .map_err(said)?;
        definition = definition.replace("0xFFFFFFFF", "4294967295");
        sqlx::query(&definition).execute(&pool).await.map_err(said)?;
        Ok(Self { store })
    }
}

fn about(stream: &str) -> Result<(&str, &str), String> {
    match stream.split_once('-') {
        Some(("lead", id)) => Ok(("lead_id", id)),
        Some(("ticket", id)) => Ok(("ticket_id", id)),
        _ => Err(format!("{stream} is no lead and no ticket")),
    }
}

impl Writer for Tags {
    async fn append(&mut self, step: Step) -> Result<Value, String> {
        let (key, id) = about(&step.stream)?;
        let mut fields = snake_keys(step.payload);
        fields.insert(key.to_owned(), json!(id));
        let event: CrmEvent =
            serde_json::from_value(tagged(&pascal(&step.event_type), fields)).map_err(|error| error.to_string())?;
        let mine: StreamQuery<i64, CrmEvent> = match key {
            "lead_id" => query!(CrmEvent; lead_id == id.to_owned()),
            _ => query!(CrmEvent; ticket_id == id.to_owned()),
        };
        let mut seen = 0;
        let mut stream = self.store.stream(&mine);
        while let Some(item) = stream.next().await {
            if let StreamItem::Event(event) = item.map_err(|error| error.to_string())? {
                seen = event.id();
            }
        }
        drop(stream);
        let appended = self.store.append(vec![event], mine, seen).await.map_err(|error| error.to_string())?;
        Ok(json!(appended[0].id()))
    }

    /// Nobody asks: Foldline appends nothing here.
    async fn load(&mut self, stream: &str) -> Result<Value, String> {
        Err(format!("{stream} is no aggregate: disintegrate has none"))
    }

    async fn list(&mut self) -> Result<Value, String> {
        let everything: StreamQuery<i64, CrmEvent> = query!(CrmEvent);
        let mut all = Vec::new();
        let mut stream = self.store.stream(&everything);
        while let Some(item) = stream.next().await {
            if let StreamItem::Event(event) = item.map_err(|error| error.to_string())? {
                let position = event.id();
                let event = event.into_inner();
                all.push(json!({ "position": position, "type": event.name(), "payload": event }));
            }
        }
        Ok(Value::Array(all))
    }

    fn name(&self, stream: &str) -> String {
        stream.to_owned()
    }
}
