use super::super::rules::Append;
use super::super::writing::Shaped;
use crate::store::postgres::Client;

/// Its own function, which locks the category and compares the version.
pub(super) fn to_postgres(
    append: &Append<'_>,
    to: &mut Client,
    events: &[Shaped],
) -> Result<bool, tokio_postgres::Error> {
    append.look_into_schema(to)?;
    let sql = "SELECT write_message($1::text, $2::text, $3::text, $4::text::jsonb, $5::text::jsonb, $6::bigint)";
    for (event, place) in events.iter().zip(0_i64..) {
        let before = append.last.map_or(-1, |last| last.0 as i64) + place;
        let Shaped { id, event_type, payload, metadata, schema: _ } = event;
        let payload = String::from_utf8_lossy(payload);
        let stream = append.stream.as_str();
        to.execute(sql, &[&id.to_string(), &stream, event_type, &payload.as_ref(), metadata, &before])?;
    }
    Ok(true)
}
