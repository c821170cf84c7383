"""Metrics of a process."""

from prometheus_client import CollectorRegistry

from cgraph_kit import telemetry


class TestReadings:
    def test_are_read_when_scraped(self) -> None:
        numbers = {"size": 1.0, "opened_total": 5.0}
        registry = CollectorRegistry()
        docs = {"size": "How large it is.", "opened_total": "What was opened."}
        registry.register(telemetry.Readings("pool", docs).of(lambda: numbers))
        numbers["size"] = 2.0
        lines = telemetry.render(registry).decode().splitlines()
        assert "pool_size 2.0" in lines
        assert "pool_opened_total 5.0" in lines
        assert "# TYPE pool_size gauge" in lines
        assert "# HELP pool_size How large it is." in lines
        assert "# TYPE pool_opened_total counter" in lines


class TestRender:
    def test_shows_what_was_counted_anywhere_in_the_process(self) -> None:
        telemetry.counter("test_events_total", "Events.", ("kind",)).labels("odd").inc()
        telemetry.gauge("test_level", "A level.").set(3)
        telemetry.histogram("test_seconds", "Time.").observe(0.2)
        text = telemetry.render().decode()
        assert 'test_events_total{kind="odd"} 1.0' in text
        assert "test_level 3.0" in text
        assert 'test_seconds_bucket{le="0.25"} 1.0' in text
        assert "process_resident_memory_bytes" in text


class TestCatalogue:
    def test_knows_what_may_be_shown(self) -> None:
        telemetry.counter("test_marvels_total", "Marvels.", ("kind",))
        telemetry.Readings("test_lake", {"depth": "How deep it is."})
        telemetry.describe("test_sky", "gauge", "How blue it is.", ("hour",))
        marvels, depth, sky = (
            telemetry.catalogue[name]
            for name in ("test_marvels_total", "test_lake_depth", "test_sky")
        )
        assert (marvels.kind, marvels.doc, marvels.labels) == ("counter", "Marvels.", ("kind",))
        assert (depth.kind, depth.doc, depth.labels) == ("gauge", "How deep it is.", ())
        assert sky.labels == ("hour",)
