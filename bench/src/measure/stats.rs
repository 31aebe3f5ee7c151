//! What several readings say together: the one in the middle, and how far they lie apart.

use serde::Serialize;

/// The median of some readings, with the least and the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Spread {
    /// The middle one; of an even number, the mean of the two.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// How many there were.
    pub samples: usize,
}

impl Spread {
    /// Sums up some readings; `None` if there are none.
    pub fn of(readings: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = readings.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let upper = *sorted.get(sorted.len() / 2)?;
        let lower = *sorted.get((sorted.len() - 1) / 2)?;
        Some(Self {
            median: f64::midpoint(lower, upper),
            min,
            max,
            samples: sorted.len(),
        })
    }
}

/// Divides readings of the same rounds: what the machine did to both in a round cancels out.
pub fn ratios(of: &[f64], to: &[f64]) -> Option<Spread> {
    Spread::of(of.iter().zip(to).map(|(of, to)| of / to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_the_mean_of_two() {
        assert_eq!(Spread::of([]), None);
        assert_eq!(Spread::of([3.0, 1.0, 2.0]).unwrap().median, 2.0);
        let four = Spread::of([4.0, 1.0, 2.0, 3.0]).unwrap();
        assert_eq!(
            (four.median, four.min, four.max, four.samples),
            (2.5, 1.0, 4.0, 4)
        );
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        // The machine slowed down ninefold in the second round; the ratio does not show it.
        let spread = ratios(&[2.0, 18.0, 2.0], &[1.0, 9.0, 1.0]).unwrap();
        assert_eq!((spread.median, spread.min, spread.max), (2.0, 2.0, 2.0));
    }
}
