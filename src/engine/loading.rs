use super::pool::{Answer, Lost};
use super::ticket::Progress;

/// A value that is on its way, now or again. The last value stays while a newer one is coming.
#[derive(Debug)]
pub struct Loading<T, E> {
    value: Option<T>,
    error: Option<E>,
    coming: Option<Answer<Result<T, E>>>,
}

impl<T, E> Default for Loading<T, E> {
    fn default() -> Self {
        Self { value: None, error: None, coming: None }
    }
}

impl<T, E: From<Lost>> Loading<T, E> {
    /// Waits for a newer answer. The one before it, if it is still on its way, is cancelled.
    pub fn request(&mut self, answer: Answer<Result<T, E>>) {
        self.coming = Some(answer);
    }

    /// Takes the answer if it has come. Says whether there is something new to show.
    pub fn poll(&mut self) -> bool {
        let Some(answer) = self.coming.as_ref().and_then(Answer::poll) else { return false };
        self.coming = None;
        match answer {
            Ok(Ok(value)) => {
                self.value = Some(value);
                self.error = None;
            }
            Ok(Err(error)) => self.error = Some(error),
            Err(lost) => self.error = Some(lost.into()),
        }
        true
    }
}

impl<T, E> Loading<T, E> {
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    pub fn value_mut(&mut self) -> Option<&mut T> {
        self.value.as_mut()
    }

    /// Takes the value out.
    pub fn take(&mut self) -> Option<T> {
        self.value.take()
    }

    pub fn error(&self) -> Option<&E> {
        self.error.as_ref()
    }

    pub fn is_loading(&self) -> bool {
        self.coming.is_some()
    }

    pub fn progress(&self) -> Option<Progress> {
        self.coming.as_ref().map(Answer::progress)
    }

    /// Stops what is on its way; what was there stays.
    pub fn cancel(&mut self) {
        self.coming = None;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::sync_channel;

    use super::*;
    use crate::engine::{Wake, begin};

    impl From<Lost> for &'static str {
        fn from(_: Lost) -> Self {
            "lost"
        }
    }

    fn quiet() -> Wake {
        Arc::new(|| ())
    }

    fn settle(loading: &mut Loading<u32, &'static str>) {
        while !loading.poll() {
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_last_value_stays_while_the_next_is_loading_and_after_an_error() {
        let mut loading = Loading::default();
        loading.request(begin("test", &quiet(), |_| Ok(1)));
        settle(&mut loading);
        let (go, held) = sync_channel::<()>(0);
        loading.request(begin("slow", &quiet(), move |_| {
            let _ = held.recv();
            Err("no")
        }));
        assert_eq!((loading.value(), loading.is_loading()), (Some(&1), true));
        drop(go);
        settle(&mut loading);
        assert_eq!((loading.value(), loading.error(), loading.is_loading()), (Some(&1), Some(&"no"), false));
    }

    #[test]
    fn the_newest_request_wins() {
        let mut loading = Loading::default();
        let (go, held) = sync_channel::<()>(0);
        loading.request(begin("slow", &quiet(), move |_| {
            let _ = held.recv();
            Ok(1)
        }));
        loading.request(begin("test", &quiet(), |_| Ok(2)));
        drop(go);
        settle(&mut loading);
        assert_eq!(loading.value(), Some(&2));
        assert!(!loading.poll());
    }

    #[test]
    fn work_that_panics_is_told_as_lost() {
        let mut loading = Loading::default();
        loading.request(begin("test", &quiet(), |_| panic!("on purpose")));
        settle(&mut loading);
        assert_eq!(loading.error(), Some(&"lost"));
    }
}
