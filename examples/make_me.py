"""Make examples/me.csv anew: 120 days of one simulated person, as a phone would export them.

No user_id, no weather and no location; a rest day is the text None; the watch lay in a drawer for
nine days in March, mood was asked on some evenings only. Run: python examples/make_me.py
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np

from human_wm_env import EmbeddedConfig, load_embedded
from human_wm_env.person import schema

FILE = Path(__file__).parent / "me.csv"
FIRST, DAYS, PERSON = date(2024, 1, 1), 120, 3
IN_A_DRAWER = range(66, 75)
DIGITS = {
    schema.STEPS: 0,
    schema.DISTANCE: 2,
    schema.MINUTES: 0,
    schema.CALORIES: 0,
    schema.SLEEP: 1,
    schema.HEART_RATE: 0,
}


def lines() -> list[str]:
    """Return the lines of the file."""
    people = load_embedded(EmbeddedConfig(users=8, days=400, seed=7))
    monday = int(-people.dataset.start_weekday[PERSON] % schema.DAYS_PER_WEEK)
    days = people.true_rows[PERSON, monday : monday + DAYS]
    rng = np.random.default_rng(0)
    columns = [*DIGITS, schema.WORKOUT, schema.MOOD]
    made = [",".join(["date", *(schema.FEATURE_NAMES[index] for index in columns)])]
    for day, row in enumerate(days):
        if day in IN_A_DRAWER:
            continue
        cells = [f"{row[index]:.{digits}f}" for index, digits in DIGITS.items()]
        cells += [schema.categories(index)[int(row[index])] for index in columns[len(DIGITS) :]]
        worn_at_night, asked = rng.random(2) < (0.85, 0.7)
        if not worn_at_night:
            cells[columns.index(schema.SLEEP)] = ""
        if not asked:
            cells[-1] = ""
        made.append(",".join([(FIRST + timedelta(day)).isoformat(), *cells]))
    return made


if __name__ == "__main__":
    FILE.write_text("\n".join(lines()) + "\n", encoding="utf-8")
