//! The read models are a fold that can be thrown away: rebuilt from the log they are the same rows and give the same answers.

mod support;

use support::Scratch;

#[test]
fn rebuild_gives_the_same_rows_and_answers() {
    let Some(scratch) = Scratch::fixture() else { return };
    let ask = || -> Vec<String> {
        ["acme", "globex"]
            .iter()
            .flat_map(|tenant| {
                let mut all = vec![
                    scratch.ok(&["--tenant", tenant, "--format", "json", "sessions", "--first", "500"]),
                    scratch.ok(&["--tenant", tenant, "status", "--rows"]),
                ];
                for session in ["S1", "S2", "S5", "S7", "GX1"] {
                    all.push(support::text(&scratch.run(&["--tenant", tenant, "--format", "json", "session", session]).stdout));
                    all.push(support::text(&scratch.run(&["--tenant", tenant, "why", session]).stdout));
                }
                all
            })
            .collect()
    };
    let before = ask();
    assert!(before.iter().any(|text| text.contains("S7")) && before[1].lines().count() > 100, "there are rows to compare");
    for tenant in ["acme", "globex"] {
        let report = scratch.ok(&["--tenant", tenant, "rebuild"]);
        assert!(report.contains("rebuilt"), "{report}");
    }
    assert_eq!(ask(), before);

    // Thrown away whole, they come back by themselves.
    for name in ["views", "views-wal", "views-shm"] {
        let _ = std::fs::remove_file(scratch.data().join(name));
    }
    assert_eq!(ask(), before);
}
