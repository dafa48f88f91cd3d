//! Which designs are better: Pareto fronts, and how crowded a design is on its own.
//!
//! Source: Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II" (2002), with its rule for constraints:
//! what keeps them precedes what does not, and of two that do not the lesser violation precedes.

use std::cmp::Ordering;

/// A design as the ranking sees it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    /// Smaller is better.
    pub objectives: Vec<f64>,
    /// By how much it misses the constraints; 0: it keeps them.
    pub violation: f64,
}

impl Candidate {
    fn dominates(&self, other: &Self) -> bool {
        match self.violation.total_cmp(&other.violation) {
            Ordering::Less => return true,
            Ordering::Greater => return false,
            // Equally far off: the objectives decide, as they do among those that are within.
            Ordering::Equal => {}
        }
        let pairs = || self.objectives.iter().zip(&other.objectives);
        pairs().all(|(a, b)| a <= b) && pairs().any(|(a, b)| a < b)
    }
}

/// The candidates from the best to the worst: front by front, and within a front the lonelier one first.
pub(super) fn ranked(candidates: &[Candidate]) -> Vec<usize> {
    let mut rest: Vec<usize> = (0..candidates.len()).collect();
    let mut order = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let is_beaten = |&one: &usize| rest.iter().any(|&other| candidates[other].dominates(&candidates[one]));
        let (beaten, front): (Vec<usize>, Vec<usize>) = rest.iter().partition(|one| is_beaten(one));
        order.extend(by_loneliness(candidates, front));
        rest = beaten;
    }
    order
}

/// The members of a front, those with the widest gap between their neighbours first; ends of an objective are infinitely lonely.
fn by_loneliness(candidates: &[Candidate], mut front: Vec<usize>) -> Vec<usize> {
    let n_objectives = front.first().map_or(0, |&first| candidates[first].objectives.len());
    let mut gaps = vec![0.0f64; candidates.len()];
    for objective in 0..n_objectives {
        let value = |of: usize| candidates[of].objectives[objective];
        front.sort_by(|&a, &b| value(a).total_cmp(&value(b)));
        let (Some(&first), Some(&last)) = (front.first(), front.last()) else {
            continue;
        };
        (gaps[first], gaps[last]) = (f64::INFINITY, f64::INFINITY);
        let span = value(last) - value(first);
        if span > 0.0 {
            for neighbours in front.windows(3) {
                gaps[neighbours[1]] += (value(neighbours[2]) - value(neighbours[0])) / span;
            }
        }
    }
    // Equal ones stay in the order of their numbers.
    front.sort_unstable();
    front.sort_by(|&a, &b| gaps[b].total_cmp(&gaps[a]));
    front
}

/// Which points no other point beats: `x` is better where it is smaller, `y` where it is larger. Points that are not numbers are
/// beaten.
pub fn pareto_front(points: &[(f64, f64)]) -> Vec<bool> {
    let is_number = |(x, y): (f64, f64)| !x.is_nan() && !y.is_nan();
    let beats = |a: (f64, f64), b: (f64, f64)| is_number(a) && a.0 <= b.0 && a.1 >= b.1 && a != b;
    points
        .iter()
        .map(|&point| is_number(point) && !points.iter().any(|&other| beats(other, point)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(objectives: [f64; 2], violation: f64) -> Candidate {
        Candidate {
            objectives: objectives.to_vec(),
            violation,
        }
    }

    #[test]
    fn fronts_come_in_order_and_violations_last() {
        let candidates = [
            candidate([3.0, 3.0], 0.0),
            candidate([1.0, 2.0], 0.0),
            candidate([0.0, 0.0], 0.2),
            candidate([2.0, 1.0], 0.0),
            candidate([0.0, 0.0], 0.1),
        ];
        assert_eq!(ranked(&candidates), [1, 3, 0, 4, 2]);
    }

    #[test]
    fn the_ends_of_a_front_come_first_then_the_lonely() {
        let at = |x: f64| candidate([x, 10.0 - x], 0.0);
        let order = ranked(&[at(0.0), at(1.0), at(2.0), at(6.0), at(10.0)]);
        assert_eq!(&order[..2], [0, 4]);
        assert_eq!(order[2], 3, "8 wide on both axes, the others 2 and 5");
    }

    #[test]
    fn a_front_of_points() {
        let points = [(1.0, 0.5), (2.0, 0.9), (3.0, 0.8), (2.0, 0.9), (0.5, f64::NAN)];
        assert_eq!(pareto_front(&points), [true, true, false, true, false]);
    }
}
