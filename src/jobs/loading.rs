use super::{Job, Lost, Progress};

/// A value that comes from a job, now or again. The last value stays while a newer one is on its way.
#[derive(Debug)]
pub struct Loading<T, E> {
    value: Option<T>,
    error: Option<E>,
    job: Option<Job<Result<T, E>>>,
}

impl<T, E> Default for Loading<T, E> {
    fn default() -> Self {
        Self { value: None, error: None, job: None }
    }
}

impl<T, E: From<Lost>> Loading<T, E> {
    /// Takes a newer request. The one before it, if it still runs, is cancelled.
    pub fn request(&mut self, job: Job<Result<T, E>>) {
        self.job = Some(job);
    }

    /// Takes the answer if it has come. Says whether there is something new to show.
    pub fn poll(&mut self) -> bool {
        let Some(answer) = self.job.as_ref().and_then(Job::poll) else { return false };
        self.job = None;
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
        self.job.is_some()
    }

    pub fn progress(&self) -> Option<Progress> {
        self.job.as_ref().map(Job::progress)
    }

    /// Stops what is on its way; what was there stays.
    pub fn cancel(&mut self) {
        self.job = None;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::sync_channel;

    use super::*;

    impl From<Lost> for &'static str {
        fn from(_: Lost) -> Self {
            "lost"
        }
    }

    fn settle(loading: &mut Loading<u32, &'static str>) {
        while !loading.poll() {
            std::thread::yield_now();
        }
    }

    fn answering(answer: Result<u32, &'static str>) -> Job<Result<u32, &'static str>> {
        Job::start("test", &(Arc::new(|| ()) as super::super::Wake), move |_| answer)
    }

    #[test]
    fn the_last_value_stays_while_the_next_is_loading_and_after_an_error() {
        let mut loading = Loading::default();
        loading.request(answering(Ok(1)));
        settle(&mut loading);
        let (go, held) = sync_channel::<()>(0);
        let wake: super::super::Wake = Arc::new(|| ());
        loading.request(Job::start("slow", &wake, move |_| {
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
        let wake: super::super::Wake = Arc::new(|| ());
        loading.request(Job::start("slow", &wake, move |_| {
            let _ = held.recv();
            Ok(1)
        }));
        loading.request(answering(Ok(2)));
        drop(go);
        settle(&mut loading);
        assert_eq!(loading.value(), Some(&2));
        assert!(!loading.poll());
    }
}
