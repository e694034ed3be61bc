//! Rings when something is recorded: a consumer that is handed every new message without its body. It is made anew when
//! the connection was lost or its server has gone, and rings then too, since it cannot know what it missed.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_nats::StatusCode;
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::NatsError;
use super::bridge::handle;
use super::connection::Connection;
use crate::store::{Alarm, Ring};

/// A consumer that says nothing for longer is gone.
const HEARTBEAT: Duration = Duration::from_secs(1);
const SILENCE: Duration = Duration::from_millis(2500);
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(300);

#[derive(Deserialize)]
struct Made {
    name: String,
}

/// Listens until the answer is dropped.
pub(super) fn listen(connection: Connection, stream: String, ring: Ring) -> Option<Alarm> {
    let listening = handle().ok()?.spawn(async move {
        loop {
            let listened = once(&connection, &stream, &ring).await;
            if let Err(error) = listened {
                tracing::debug!(%error, "nobody tells what is recorded");
            }
            sleep(BETWEEN_ATTEMPTS).await;
        }
    });
    Some(Alarm::until(move || listening.abort()))
}

/// Until nothing is heard any more.
async fn once(connection: &Connection, stream: &str, ring: &Ring) -> Result<(), NatsError> {
    let inbox = connection.client.new_inbox();
    let failed = |error: async_nats::SubscribeError| NatsError::from_request(&error);
    let mut messages = connection.client.subscribe(inbox.clone()).await.map_err(failed)?;
    let config = json!({
        "deliver_policy": "new", "deliver_subject": inbox, "ack_policy": "none", "replay_policy": "instant",
        "headers_only": true, "num_replicas": 1, "mem_storage": true, "idle_heartbeat": HEARTBEAT.as_nanos() as u64,
        "inactive_threshold": (HEARTBEAT * 5).as_nanos() as u64,
    });
    let wish = json!({ "stream_name": stream, "config": config });
    let made: Made = connection.ask(format!("CONSUMER.CREATE.{stream}"), &wish).await?;
    let _end = Ending { connection, stream, name: made.name };
    let taken_up = connection.line.taken_up();
    // What was recorded before there was anybody to be told.
    ring();
    let mut moved = pin!(connection.line.moved.notified());
    moved.as_mut().enable();
    loop {
        let next = poll_fn(|context| match moved.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => messages.poll_next_unpin(context),
        });
        let Ok(Some(message)) = timeout(SILENCE, next).await else { break };
        match message.status {
            None => ring(),
            Some(StatusCode::IDLE_HEARTBEAT) => {}
            Some(_) => break,
        }
        if connection.line.taken_up() != taken_up {
            break;
        }
    }
    // Whoever looks now finds out whether anybody answers.
    ring();
    Ok(())
}

struct Ending<'c> {
    connection: &'c Connection,
    stream: &'c str,
    name: String,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let question = self.connection.subject(&format!("CONSUMER.DELETE.{}.{}", self.stream, self.name));
        let client = Arc::new(self.connection.client.clone());
        if let Ok(handle) = handle() {
            handle.spawn(async move { client.publish(question, Vec::new().into()).await });
        }
    }
}
