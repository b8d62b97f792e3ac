//! The floorplan: which multiplier and block RAM stands where, settled before nextpnr places the rest.
//!
//! The small card uses nearly all of both. nextpnr's placer moves what does not fit where it should be to
//! whatever is left, far away; here every one is given a site such that the sum of the distances to where
//! they want to be ([`wishes`]) is least: an assignment problem, solved by the Hungarian algorithm (Kuhn 1955, Munkres 1957).

pub mod sites;
mod wishes;

use pathfinding::kuhn_munkres::kuhn_munkres_min;
use pathfinding::matrix::Matrix;
use serde_json::{Map, Value};
use sites::Site;
use std::collections::BTreeMap;
use wishes::Place;

/// Sites by the cell's name. What has no wish is left to nextpnr, and a kind that has more cells than sites.
pub type Floorplan = BTreeMap<String, String>;

/// Gives multipliers and block RAMs of module `top` their sites, as attributes that nextpnr reads.
///
/// # Errors
/// What is wrong with the netlist.
pub fn settle(netlist: &mut Value, top: &str) -> Result<Floorplan, String> {
    let cells = super::cells(netlist, top)?;
    let of = |kind: &str| -> Vec<String> {
        cells.iter().filter(|(_, c)| c["type"] == kind).map(|(name, _)| name.clone()).collect()
    };
    let multipliers = of("MULT18X18D").into_iter().filter_map(|name| Some((wishes::multiplier(&name)?, name)));
    let mut plan = assigned(multipliers.collect(), &sites::multipliers());
    plan.extend(assigned(rams(of("DP16KD")), &sites::rams()));
    for (name, bel) in &plan {
        let attributes =
            cells[name].as_object_mut().map(|c| c.entry("attributes").or_insert(Value::Object(Map::new())));
        let attributes =
            attributes.and_then(Value::as_object_mut).ok_or_else(|| format!("cell `{name}` is malformed"))?;
        attributes.insert("BEL".into(), bel.as_str().into());
    }
    Ok(plan)
}

/// Block RAMs with their wishes; a memory's slices are numbered in their names.
fn rams(names: Vec<String>) -> Vec<(Place, String)> {
    let slice_of = |name: &str| name.rsplit_once('.').and_then(|(m, i)| Some((m.to_owned(), i.parse::<usize>().ok()?)));
    let mut slices: BTreeMap<String, usize> = BTreeMap::new();
    for (memory, _) in names.iter().filter_map(|n| slice_of(n)) {
        *slices.entry(memory).or_default() += 1;
    }
    let wish = |name: &str| slice_of(name).and_then(|(memory, i)| wishes::ram(&memory, i, slices[&memory]));
    names.iter().filter_map(|name| Some((wish(name)?, name.clone()))).collect()
}

/// Cells on sites at the least cost.
fn assigned(cells: Vec<(Place, String)>, sites: &[Site]) -> Floorplan {
    if cells.is_empty() || cells.len() > sites.len() {
        return Floorplan::new();
    }
    let costs = cells.iter().map(|(wish, _)| sites.iter().map(|site| cost(*wish, site)).collect::<Vec<_>>());
    let (_, chosen) = kuhn_munkres_min(&Matrix::from_rows(costs).expect("rows of one length: a cost for each site"));
    cells.into_iter().zip(chosen).map(|((_, name), site)| (name, sites[site].bel.clone())).collect()
}

/// Wire from wish to site, in thousandths of a tile; far sideways costs more, so that all move a little instead of one far.
fn cost((x, y): Place, site: &Site) -> i64 {
    let (dx, dy) = ((x - f64::from(site.x)).abs(), (y - f64::from(site.y)).abs());
    (1000.0 * (dx + 0.7 * dy + 0.01 * dx * dx)).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    fn netlist(cells: &[(String, &str)]) -> Value {
        let cells: Map<String, Value> = cells.iter().map(|(n, t)| (n.clone(), json!({ "type": t }))).collect();
        json!({ "modules": { "board": { "cells": cells } } })
    }

    #[test]
    fn a_full_part_has_every_cell_on_its_own_site() {
        let mut cells = vec![("logic".to_owned(), "LUT4")];
        cells.extend((0..156).map(|i| {
            (format!("card.card.msm$0.serial$0.mul{}.stage.lane${}.ab{i}", i % 3 + 1, i / 3 % 16), "MULT18X18D")
        }));
        cells.extend((0..208).map(|i| (format!("card.card.msm$0.buckets.words.0.{i}"), "DP16KD")));
        let mut netlist = netlist(&cells);
        let plan = settle(&mut netlist, "board").expect("settled");
        assert_eq!(plan.len(), 156 + 208);
        assert_eq!(plan.values().collect::<BTreeSet<_>>().len(), plan.len());
        let cells = &netlist["modules"]["board"]["cells"];
        assert!(cells["logic"].get("attributes").is_none());
        assert!(plan.iter().all(|(name, bel)| cells[name]["attributes"]["BEL"] == **bel));
    }

    #[test]
    fn a_lane_is_put_near_its_wish() {
        let cells: Vec<_> =
            (0..16).map(|j| (format!("card.card.msm$0.serial$0.mul2.stage.lane${j}.ab.d"), "MULT18X18D")).collect();
        let plan = settle(&mut netlist(&cells), "board").expect("settled");
        for (name, bel) in plan {
            let wish = wishes::multiplier(&name).expect("known");
            let x: f64 = bel[1..].split('/').next().and_then(|x| x.parse().ok()).expect("a column");
            assert!(bel.contains("/Y34/") && (x - wish.0).abs() <= 3.0, "{name}: {bel}, wanted {wish:?}");
        }
    }

    #[test]
    fn what_does_not_fit_or_is_no_netlist() {
        let cells: Vec<_> = (0..157).map(|i| (format!("mul1.stage.m{i}"), "MULT18X18D")).collect();
        assert_eq!(settle(&mut netlist(&cells), "board"), Ok(Floorplan::new()));
        let stranger = [("p_MULT18X18D".to_owned(), "MULT18X18D")];
        assert_eq!(settle(&mut netlist(&stranger), "board"), Ok(Floorplan::new()));
        assert!(settle(&mut json!({}), "board").expect_err("no modules").contains("board"));
    }
}
