//! Where cells will stand, roughly: each in the middle of what it is connected to, those with a site on it.

/// A place in columns and rows of the part.
pub type Place = (f64, f64);

/// Sweeps over all cells; the order of cells along the part has settled by then.
const SWEEPS: usize = 300;

/// Places of cells: `sites[i]` is known of cell i or not, `nets` are lists of cells.
///
/// The least sum of squared distances within the nets, a net of n cells counting as the edges of a graph of n cells with
/// weight 1/(n - 1) each, approached by moving each cell to the mean of its nets' middles (Jacobi's iteration). No care is taken that
/// cells do not stand upon one another: only who is near whom is asked for.
pub fn places(sites: &[Option<Place>], nets: &[Vec<usize>]) -> Vec<Place> {
    let known: Vec<Place> = sites.iter().filter_map(|s| *s).collect();
    let middle = mean(&known);
    let mut places: Vec<Place> = sites.iter().map(|s| s.unwrap_or(middle)).collect();
    let nets: Vec<(&[usize], f64)> =
        nets.iter().filter(|n| n.len() > 1).map(|n| (n.as_slice(), 1.0 / (n.len() - 1) as f64)).collect();
    let mut weights = vec![0.0; places.len()];
    for (net, weight) in &nets {
        net.iter().for_each(|cell| weights[*cell] += weight);
    }
    let mut sums = vec![(0.0, 0.0); places.len()];
    for _ in 0..SWEEPS {
        sums.fill((0.0, 0.0));
        for (net, weight) in &nets {
            let members = net.iter().fold((0.0, 0.0), |(x, y), c| (x + places[*c].0, y + places[*c].1));
            let scale = weight / net.len() as f64;
            for cell in *net {
                sums[*cell].0 += scale * members.0;
                sums[*cell].1 += scale * members.1;
            }
        }
        for (i, place) in places.iter_mut().enumerate() {
            if sites[i].is_none() && weights[i] > 0.0 {
                *place = (sums[i].0 / weights[i], sums[i].1 / weights[i]);
            }
        }
    }
    places
}

/// The middle of some places; of none, the origin.
pub fn mean(places: &[Place]) -> Place {
    let n = places.len().max(1) as f64;
    (places.iter().map(|p| p.0).sum::<f64>() / n, places.iter().map(|p| p.1).sum::<f64>() / n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_between_two_sites_stands_in_order() {
        let sites = [Some((0.0, 8.0)), None, None, None, Some((40.0, 0.0))];
        let places = places(&sites, &[vec![0, 1], vec![1, 2], vec![2, 3], vec![3, 4]]);
        for (i, place) in places.iter().enumerate() {
            let wanted = (10.0 * i as f64, 8.0 - 2.0 * i as f64);
            assert!((place.0 - wanted.0).abs() < 1e-6 && (place.1 - wanted.1).abs() < 1e-6, "{i}: {place:?}");
        }
    }

    #[test]
    fn what_nothing_holds_stands_in_the_middle() {
        let sites = [Some((10.0, 20.0)), Some((30.0, 40.0)), None, None];
        assert_eq!(places(&sites, &[vec![2], vec![]])[2..], [(20.0, 30.0); 2]);
        assert_eq!(places(&[None; 2], &[vec![0, 1]]), [(0.0, 0.0); 2]);
    }
}
