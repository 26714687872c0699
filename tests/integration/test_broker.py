"""The broker that other tests rely on: what it acknowledged is there after a crash, on the same address."""

import subprocess
import unittest

from peers.broker import Broker


class BrokerPeer(unittest.TestCase):
    def test_keeps_what_it_acknowledged_through_a_crash(self):
        with Broker() as broker:
            address = broker.address
            subprocess.run(["kcat", "-b", address, "-P", "-t", "kept", "-K", ":", "-H", "ce_type=test", "-X",
                            "enable.idempotence=true", "-X", "acks=all"], input="k1:one\nk2:two\n", text=True, check=True,
                           capture_output=True)
            broker.kill()
            broker.up()
            self.assertEqual(broker.address, address)
            self.assertEqual(sorted(broker.read("kept")), [("k1", "ce_type=test", "one"), ("k2", "ce_type=test", "two")])


if __name__ == "__main__":
    unittest.main()
