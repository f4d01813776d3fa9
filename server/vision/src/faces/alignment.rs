//! Similarity transforms from a face's landmarks to the aligned face, by least median of squares (Rousseeuw
//! 1984) over pairs of points.

use super::detection::Landmarks;

/// Rows of a 2 x 3 matrix that maps (x, y, 1) to a point.
pub(super) type Affine = [[f64; 3]; 2];

/// Sides of an aligned face in pixels.
pub(super) const SIDE: u32 = 512;

/// Landmarks of an aligned face of [`SIDE`] x [`SIDE`] pixels: those of the FFHQ data set, as in `IOPaint`.
const TEMPLATE: Landmarks = [
    [192.981_38, 239.947_08],
    [318.902_77, 240.193_6],
    [256.634_16, 314.019_35],
    [201.261_17, 371.410_43],
    [313.089_05, 371.151_18],
];

/// Number of pairs of points that are tried: log(1 - 0.99) / log(1 - 0.55^2), for a probability of 0.99 that
/// one of them has no outlier if 45 % of the points are outliers.
const PAIRS: usize = 13;

/// Multiplier of `OpenCV`'s generator of random numbers, multiply-with-carry.
const MULTIPLIER: u64 = 4_164_903_690;

/// Returns the transform from the image to an aligned face; `None` if the landmarks coincide. The pairs are
/// those that `OpenCV`'s generator draws, since 13 of them may miss the best one.
pub(super) fn similarity(landmarks: &Landmarks) -> Option<Affine> {
    let mut generator = u64::MAX;
    let mut draw = || {
        generator = (generator & 0xFFFF_FFFF) * MULTIPLIER + (generator >> 32);
        (generator & 0xFFFF_FFFF) as usize % landmarks.len()
    };
    let mut best: Option<(f32, Affine)> = None;
    for _ in 0..PAIRS {
        let first = draw();
        let second = std::iter::repeat_with(&mut draw).find(|index| *index != first)?;
        let Some(matrix) = fit(landmarks, |index| index == first || index == second) else {
            continue;
        };
        let mut errors = squared_errors(&matrix, landmarks);
        errors.sort_by(f32::total_cmp);
        let median = errors[errors.len() / 2];
        if best.is_none_or(|(smallest, _)| median < smallest) {
            best = Some((median, matrix));
        }
    }
    let (median, matrix) = best?;
    // The robust standard deviation (Rousseeuw and Leroy 1987), times 2.5; 3 points are redundant.
    let tolerance = (2.5 * 1.4826 * (1.0 + 5.0 / 3.0) * f64::from(median).sqrt()).max(0.001);
    let errors = squared_errors(&matrix, landmarks);
    let is_inlier = |index: usize| f64::from(errors[index]) <= tolerance * tolerance;
    fit(landmarks, is_inlier).filter(|matrix| inverse(matrix).is_some())
}

/// Returns the similarity transform with the least squared error over the points that `selects`; `None` if
/// they coincide.
fn fit(landmarks: &Landmarks, selects: impl Fn(usize) -> bool) -> Option<Affine> {
    let pairs: Vec<([f64; 2], [f64; 2])> = landmarks
        .iter()
        .zip(&TEMPLATE)
        .enumerate()
        .filter(|(index, _)| selects(*index))
        .map(|(_, (from, to))| (from.map(f64::from), to.map(f64::from)))
        .collect();
    let count = pairs.len() as f64;
    let mean = |axis: usize| {
        let from = pairs.iter().map(|(from, _)| from[axis]).sum::<f64>() / count;
        let to = pairs.iter().map(|(_, to)| to[axis]).sum::<f64>() / count;
        (from, to)
    };
    let ((from_x, to_x), (from_y, to_y)) = (mean(0), mean(1));
    let (from, to) = ([from_x, from_y], [to_x, to_y]);
    let (mut dot, mut cross, mut spread) = (0.0, 0.0, 0.0);
    for (point, target) in &pairs {
        let [x, y] = [point[0] - from[0], point[1] - from[1]];
        let [u, v] = [target[0] - to[0], target[1] - to[1]];
        dot += x * u + y * v;
        cross += x * v - y * u;
        spread += x * x + y * y;
    }
    let (cos, sin) = (dot / spread, cross / spread);
    let matrix = [
        [cos, -sin, to[0] - cos * from[0] + sin * from[1]],
        [sin, cos, to[1] - sin * from[0] - cos * from[1]],
    ];
    matrix
        .as_flattened()
        .iter()
        .all(|value| value.is_finite())
        .then_some(matrix)
}

fn squared_errors(matrix: &Affine, landmarks: &Landmarks) -> [f32; 5] {
    let mut errors = [0.0; 5];
    for ((error, point), target) in errors.iter_mut().zip(landmarks).zip(&TEMPLATE) {
        let [u, v] = apply(matrix, point.map(f64::from));
        *error = ((u - f64::from(target[0])).powi(2) + (v - f64::from(target[1])).powi(2)) as f32;
    }
    errors
}

/// Returns the image of a point.
pub(super) fn apply(matrix: &Affine, [x, y]: [f64; 2]) -> [f64; 2] {
    matrix.map(|[a, b, c]| a * x + b * y + c)
}

/// Returns the inverse of a transform; `None` if it has none.
pub(super) fn inverse([[xx, xy, left], [yx, yy, top]]: &Affine) -> Option<Affine> {
    let determinant = xx * yy - xy * yx;
    let linear = [
        [yy / determinant, -xy / determinant],
        [-yx / determinant, xx / determinant],
    ];
    let matrix = linear.map(|[across, down]| [across, down, -across * left - down * top]);
    matrix
        .as_flattened()
        .iter()
        .all(|value| value.is_finite())
        .then_some(matrix)
}
