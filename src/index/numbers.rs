use serde_json::Value;

/// What numbers come to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    pub count: u64,
    pub sum: f64,
    pub least: f64,
    pub most: f64,
    /// Half of them are no larger.
    pub median: f64,
    pub p90: f64,
    pub p99: f64,
}

impl Figures {
    /// Of the numbers among these values; `None` where there is none.
    pub fn of(values: impl Iterator<Item = Value>) -> Option<Self> {
        let mut numbers: Vec<f64> =
            values.filter_map(|value| value.as_f64()).filter(|value| value.is_finite()).collect();
        numbers.sort_unstable_by(f64::total_cmp);
        let (least, most) = (*numbers.first()?, *numbers.last()?);
        let share = |percent: usize| {
            // The smallest that so many of a hundred do not exceed.
            let place = (numbers.len() * percent).div_ceil(100).saturating_sub(1);
            numbers.get(place).copied().unwrap_or(most)
        };
        Some(Self {
            count: numbers.len() as u64,
            sum: numbers.iter().sum(),
            least,
            most,
            median: share(50),
            p90: share(90),
            p99: share(99),
        })
    }

    pub fn mean(&self) -> f64 {
        self.sum / self.count.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_added_up_and_a_share_is_never_larger_than_what_it_names() {
        let numbers = Figures::of((1..=200).map(|number| json!(number))).expect("there are some");
        assert_eq!((numbers.count, numbers.least, numbers.most), (200, 1.0, 200.0));
        assert_eq!((numbers.sum, numbers.mean()), (20_100.0, 100.5));
        assert_eq!((numbers.median, numbers.p90, numbers.p99), (100.0, 180.0, 198.0));
    }

    #[test]
    fn what_is_no_number_counts_for_nothing() {
        let values = [json!("7"), json!(null), json!(-2.5), json!([1]), json!(4)];
        let numbers = Figures::of(values.into_iter()).expect("there are two");
        assert_eq!((numbers.count, numbers.sum, numbers.median), (2, 1.5, -2.5));
        assert_eq!(Figures::of([json!("x")].into_iter()), None);
    }
}
