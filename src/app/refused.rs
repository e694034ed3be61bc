use crate::engine::Lost;
use crate::event::Message;
use crate::store::{Address, NatsError, ServerError, Source, StoreError};
use crate::view::UserError;

/// A store that did not open, and what its user could say to open it.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) error: UserError,
    pub(super) question: Option<Question>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// Which columns are these?
    Columns(Source),
    /// Who asks? With what is to be said about it.
    Password(Address, Box<Message>),
    /// Which of these of the server's streams?
    Stream(Box<(Address, Box<[String]>)>),
}

impl Refused {
    pub(super) fn of(source: &Source, error: StoreError) -> Self {
        let question = match &error {
            StoreError::Unrecognised { .. } | StoreError::Several { .. } | StoreError::Mapping { .. } => {
                Some(Question::Columns(source.clone()))
            }
            StoreError::Server { address, error } => match error.as_ref() {
                ServerError::PasswordNeeded { user } => Some(password_of("password-wanted", user, address)),
                ServerError::WrongPassword { user } => Some(password_of("password-refused", user, address)),
                ServerError::Unrecognised { .. } | ServerError::Several { .. } => {
                    Some(Question::Columns(source.clone()))
                }
                _ => None,
            },
            StoreError::Nats { address, error } => match error.as_ref() {
                NatsError::CredentialsNeeded => Some(credentials_of("password-wanted", "token-wanted", address)),
                NatsError::WrongCredentials => Some(credentials_of("password-refused", "token-refused", address)),
                NatsError::Several { known } => {
                    Some(Question::Stream(Box::new((address.clone(), known.as_slice().into()))))
                }
                NatsError::Unrecognised { .. } => Some(Question::Columns(source.clone())),
                _ => None,
            },
            _ => None,
        };
        Self { error: UserError::from(error), question }
    }
}

/// Where there is a field to type it into, nothing is said of files and variables that could hold it.
fn password_of(id: &'static str, user: &str, address: &Address) -> Question {
    Question::Password(address.clone(), Box::new(Message::new(id).text("user", user).text("place", address)))
}

/// Where an address names no user, what is typed is a token.
fn credentials_of(of_user: &'static str, of_token: &'static str, address: &Address) -> Question {
    match address.user() {
        Some(user) => password_of(of_user, &user, address),
        None => Question::Password(address.clone(), Box::new(Message::new(of_token).text("place", address))),
    }
}

impl From<Lost> for Refused {
    fn from(lost: Lost) -> Self {
        Self { error: UserError::from(lost), question: None }
    }
}
