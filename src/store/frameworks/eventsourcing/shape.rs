use std::io::Write;

use serde_json::Value;

use super::super::content::is_encrypted;
use super::super::writing::{Example, Shaped, object};
use crate::event::NewEvent;
use crate::store::{AppendError, Framework, Unfit};

/// The state is an object with the time inside. It has no place for metadata, so who corrected it and why stand
/// beside its own fields, which the framework hands through.
pub(super) fn shape(plain: Shaped, example: Option<&Example>, event: &NewEvent) -> Result<Shaped, AppendError> {
    let unfit = |why| AppendError::Unfit { framework: Framework::EVENTSOURCING, why };
    let event_type = if plain.event_type.contains(':') {
        plain.event_type
    } else {
        // The class of the aggregate is that of its other events.
        let class = example.and_then(|example| example.event_type.rsplit_once('.')).map(|(class, _)| class);
        let class = class.filter(|class| class.contains(':')).ok_or_else(|| unfit(Unfit::NoTypeToFollow))?;
        format!("{class}.{}", plain.event_type)
    };
    let mut state = object(&plain.payload).ok_or_else(|| unfit(Unfit::NoAttributes))?;
    for own in ["originator_id", "originator_version"] {
        state.shift_remove(own);
    }
    if !state.contains_key("timestamp") {
        let at = event.recorded_at.ok_or_else(|| unfit(Unfit::NoTime))?;
        let text = at.to_string().replace('Z', "+00:00");
        state.insert("timestamp".to_owned(), serde_json::json!({ "_type_": "datetime_iso", "_data_": text }));
    }
    for (name, value) in object(plain.metadata.as_bytes()).unwrap_or_default() {
        state.entry(name).or_insert(value);
    }
    let text = Value::Object(state).to_string().into_bytes();
    let payload = match example.map(|example| example.payload.as_slice()) {
        Some(bytes) if is_encrypted(bytes) => return Err(AppendError::Encrypted),
        Some([0x78, 0x01 | 0x5e | 0x9c | 0xda, ..]) => {
            packed(&text).map_err(|error| unfit(Unfit::NotPacked(error.to_string())))?
        }
        Some([0x1f, 0x8b, ..]) => gzipped(&text).map_err(|error| unfit(Unfit::NotPacked(error.to_string())))?,
        _ => text,
    };
    Ok(Shaped { event_type, payload, ..plain })
}

fn packed(text: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text)?;
    encoder.finish()
}

fn gzipped(text: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::frameworks::writing::{an_event as event, payload_text as text};

    fn shaped(example: Option<&Example>, event: &NewEvent) -> Result<Shaped, AppendError> {
        crate::store::frameworks::writing::shaped(&super::super::APPEND, example, event)
    }

    #[test]
    fn an_event_of_eventsourcing_has_its_class_and_its_time() {
        let example =
            Example { event_type: "crm.domain:Lead.Captured".to_owned(), payload: b"{}".to_vec(), schema: None };
        let made = shaped(Some(&example), &event("Renamed", r#"{"name":"a"}"#)).unwrap();
        assert_eq!(made.event_type, "crm.domain:Lead.Renamed");
        let timestamp = r#"{"_type_":"datetime_iso","_data_":"2025-01-01T01:00:00.500+00:00"}"#;
        assert_eq!(text(&made), format!(r#"{{"name":"a","timestamp":{timestamp},"actor":"kim","n":1}}"#));
        assert!(shaped(None, &event("Renamed", "{}")).is_err());
        assert!(shaped(Some(&example), &event("Renamed", "[]")).is_err());
    }

    #[test]
    fn a_packed_stream_gets_a_packed_event_and_an_encrypted_one_none() {
        let example = |payload: Vec<u8>| Example { event_type: "m:C.E".to_owned(), payload, schema: None };
        let made = shaped(Some(&example(packed(b"{}").unwrap())), &event("E", "{}")).unwrap();
        let mut unpacked = String::new();
        std::io::Read::read_to_string(&mut flate2::read::ZlibDecoder::new(&made.payload[..]), &mut unpacked).unwrap();
        assert!(unpacked.contains("timestamp"), "{unpacked}");
        let made = shaped(Some(&example(gzipped(b"{}").unwrap())), &event("E", "{}")).unwrap();
        let mut unpacked = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&made.payload[..]), &mut unpacked).unwrap();
        assert!(unpacked.contains("timestamp"), "{unpacked}");
        // A cipher's first bytes may by chance be those of a packer.
        for bytes in [[0xff, 0, 0x9c], [0x78, 0x9c, 0xff], [0x1f, 0x8b, 0xff]] {
            let encrypted = shaped(Some(&example(bytes.to_vec())), &event("E", "{}"));
            assert!(encrypted.unwrap_err().to_string().contains("encrypted"), "{bytes:?}");
        }
    }
}
