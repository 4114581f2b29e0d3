package recur

import (
	"slices"
	"time"
)

// Forever is the end of what has none, in seconds since 1970.
const Forever = int64(1) << 40

// Series is an appointment with all of its occurrences.
type Series struct {
	Zone     *time.Location
	AllDay   bool
	Start    time.Time // wall
	Length   time.Duration
	Rule     *Rule
	Extra    []time.Time // RDATE, wall
	Excluded []time.Time // EXDATE, wall
}

// Occurrence is one of a series.
type Occurrence struct {
	Wall, WallEnd time.Time
	Start, End    time.Time
}

func (s *Series) at(wall time.Time) Occurrence {
	end := wall.Add(s.Length)
	return Occurrence{wall, end, Instant(wall, s.Zone), Instant(end, s.Zone)}
}

// Between returns the occurrences that touch the time from from to to, at most so many; whether
// there are more; and ErrTooLong for a rule that cannot be searched.
func (s *Series) Between(from, to time.Time, most int) ([]Occurrence, bool, error) {
	// A wall time is at most 14 hours away from UTC.
	first := Wall(from, time.UTC).Add(-s.Length - 26*time.Hour)
	last := Wall(to, time.UTC).Add(26 * time.Hour)
	found := []Occurrence{}
	more := false
	add := func(wall time.Time) bool {
		if slices.ContainsFunc(s.Excluded, wall.Equal) {
			return true
		}
		one := s.at(wall)
		touches := one.Start.Before(to) && (one.End.After(from) || one.Start.Equal(from))
		if touches && len(found) == most {
			more = true
			return false
		}
		if touches {
			found = append(found, one)
		}
		return true
	}
	var err error
	ruled := false // whether the rule gives the start itself
	if s.Rule != nil {
		err = s.Rule.Each(s.Start, first, last, func(wall time.Time) bool {
			ruled = ruled || wall.Equal(s.Start)
			return add(wall)
		})
	}
	extra := slices.Clone(s.Extra)
	if !ruled {
		extra = append(extra, s.Start)
	}
	for _, wall := range extra {
		known := slices.ContainsFunc(found, func(one Occurrence) bool { return one.Wall.Equal(wall) })
		if !known {
			add(wall)
		}
	}
	slices.SortFunc(found, func(a, b Occurrence) int { return a.Start.Compare(b.Start) })
	return found, more, err
}

// Span returns the first and last second at which something of the series can be.
func (s *Series) Span() (first, last int64, err error) {
	start := s.at(s.Start)
	first, last = start.Start.Unix(), start.End.Unix()
	for _, wall := range s.Extra {
		one := s.at(wall)
		first, last = min(first, one.Start.Unix()), max(last, one.End.Unix())
	}
	switch {
	case s.Rule == nil:
	case s.Rule.Count > 0:
		err = s.Rule.Each(s.Start, s.Start, time.Date(LastYear+1, 1, 1, 0, 0, 0, 0, time.UTC), func(wall time.Time) bool {
			last = max(last, s.at(wall).End.Unix())
			return true
		})
	case !s.Rule.Until.IsZero():
		last = max(last, s.at(s.Rule.Until).End.Unix())
	default:
		last = Forever
	}
	return first, last, err
}
