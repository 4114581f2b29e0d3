//! A report as JSON, for programs.

use crate::days;
use crate::figures::{Period, Report, Spans};
use crate::json::Json;
use crate::tickets::number;

fn decimal(value: f64) -> Json {
    Json::Number(value.to_string())
}

fn json_of(period: &Period) -> Json {
    let spans = |spans: &Spans| {
        Json::object([
            ("count", number(spans.count)),
            ("median_s", if spans.count > 0 { decimal(spans.median) } else { Json::Null }),
            ("p90_s", if spans.count > 0 { decimal(spans.p90) } else { Json::Null }),
        ])
    };
    Json::object([
        ("created", number(period.created)),
        ("first_answer", spans(&period.answered)),
        ("resolved", spans(&period.resolved)),
    ])
}

impl Report {
    /// Returns every figure.
    pub fn json(&self) -> Json {
        let day = |day: i64| Json::from(days::write(day).as_str());
        let list = |items: Vec<Json>| Json::Array(items);
        Json::object([
            ("from", day(self.asked.from)),
            ("to", day(self.asked.to)),
            ("by", self.asked.by.name().into()),
            ("period", json_of(&self.now)),
            ("before", json_of(&self.before)),
            ("open", number(self.open)),
            ("unassigned", number(self.unassigned)),
            ("ages", list(self.ages.iter().map(|count| number(*count)).collect())),
            (
                "statuses",
                Json::object(self.statuses.iter().map(|(name, n)| (name.as_str(), number(*n)))),
            ),
            (
                "over_time",
                list(
                    self.bars
                        .iter()
                        .map(|bar| {
                            Json::object([
                                ("from", day(bar.from)),
                                ("to", day(bar.to)),
                                ("created", number(bar.created)),
                                ("resolved", number(bar.resolved)),
                                ("open", bar.open.map_or(Json::Null, number)),
                            ])
                        })
                        .collect(),
                ),
            ),
            (
                "lines",
                list(
                    self.lines
                        .iter()
                        .map(|line| {
                            Json::object([
                                ("id", number(line.id)),
                                ("name", line.name.as_str().into()),
                                ("open", number(line.open)),
                                ("period", json_of(&line.period)),
                            ])
                        })
                        .collect(),
                ),
            ),
        ])
    }
}
