// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetNumerics
import Testing

@Suite("Strategies as text")
struct StrategyDescriptionTests {
    @Test(
        "every strategy can be made by its name alone, and combines seven clients",
        arguments: StrategyDescription.Name.allCases)
    func names(name: StrategyDescription.Name) throws {
        let strategy = try StrategyDescription(parsing: name.rawValue)

        let outcome = try strategy.rule.apply(to: sevenClients(), onto: ParameterVector([0, 0]))

        #expect(strategy == StrategyDescription(name))
        #expect(strategy.description == name.rawValue)
        #expect(outcome.parameters.isFinite)
        #expect(strategy.rule.hasState == ["fedavgm", "fedadagrad", "fedyogi", "fedadam"].contains(name.rawValue))
        #expect((strategy.buffer != nil) == (name == .fedbuff))
        // At both ends of every parameter the rule can be made.
        for parameter in name.parameters {
            #expect(parameter.allows(name.defaultValue(of: parameter)))
        }
    }

    @Test("what is set goes into the rule, and what is the default is not repeated")
    func settings() throws {
        let trimmed = try StrategyDescription(parsing: "trimmed-mean:mixed-malicious=2,trimmed-share=0.1")
        #expect(trimmed.description == "trimmed-mean:trimmed-share=0.1,mixed-malicious=2")
        #expect(trimmed.rule.name == "mixed(f 2) trimmed mean(0.1 at each end)")
        #expect(try StrategyDescription(parsing: "krum:maximum-malicious=1") == StrategyDescription(.krum))
        #expect(
            try StrategyDescription(.multiKrum, [.maximumMalicious: 2, .selected: 5]).rule.name
                == "multi-krum(f 2, m 5)")
        #expect(try StrategyDescription(.fedadam, [.adaptiveClipping: 1]).rule.clipping != nil)
        #expect(
            try StrategyDescription(.fedadam, [.learningRate: 0.05]).rule.name
                == "fedadam(learning rate 0.05, beta1 0.9, beta2 0.99, tau 0.001), "
                + "clipped(3.0 x median) fedavg(weight up to 20000)")
        #expect(StrategyDescription.standard.rule.name == RobustAggregation().name)
        #expect(try StrategyDescription(parsing: "fedbuff:buffer-size=3").buffer?.bufferSize == 3)
    }

    @Test("a description comes back from JSON as it was, and a bad one does not")
    func json() throws {
        let strategy = try StrategyDescription(.fedyogi, [.learningRate: 0.02, .beta2: 0.9])
        let json = try JSONEncoder().encode([strategy])

        #expect(String(decoding: json, as: UTF8.self) == "[\"fedyogi:learning-rate=0.02,beta2=0.9\"]")
        #expect(try JSONDecoder().decode([StrategyDescription].self, from: json) == [strategy])
        #expect(throws: StrategyError.outOfRange(.beta2, found: 1)) {
            try JSONDecoder().decode([StrategyDescription].self, from: Data("[\"fedyogi:beta2=1\"]".utf8))
        }
    }

    @Test("a mistake is told with what is allowed")
    func mistakes() {
        func message(_ text: String) -> String {
            do throws(StrategyError) {
                _ = try StrategyDescription(parsing: text)
                return "no error"
            } catch {
                return error.description
            }
        }
        #expect(
            message("fedsgd")
                == "there is no strategy \"fedsgd\"; there are robust, fedavg, fedavgm, fedadagrad, fedyogi, fedadam, "
                + "fedbuff, scaffold, median, trimmed-mean, geometric-median, krum, multi-krum, bulyan")
        #expect(message("krum:beta1=0.5") == "strategy krum takes no \"beta1\"; it takes maximum-malicious")
        #expect(message("krum:") == "strategy krum takes no \"\"; it takes maximum-malicious")
        #expect(
            message("krum:maximum-malicious=1.5")
                == "maximum-malicious is 1.5; it must be a whole number from 0 to 2000")
        #expect(message("trimmed-mean:trimmed-share=0.5") == "trimmed-share is 0.5; it must be a number from 0 to 0.49")
        #expect(message("fedavgm:momentum=high") == "momentum is \"high\", which is not a number")
        #expect(message("fedavgm:momentum") == "momentum is \"\", which is not a number")
        #expect(message("fedavgm:momentum=0.1,momentum=0.2") == "momentum is given twice")
        #expect(message("fedadam:tau=nan") == "tau is nan; it must be a number from 1e-09 to 1")
        #expect(message("fedadam:learning-rate=inf") == "learning-rate is inf; it must be a number from 1e-06 to 10")
        #expect(message("fedadam:learning-rate=-1") == "learning-rate is -1; it must be a number from 1e-06 to 10")
    }

    @Test("at the ends of every range the rule can be made", arguments: StrategyDescription.Name.allCases)
    func ends(name: StrategyDescription.Name) throws {
        for parameter in name.parameters {
            for text in parameter.allowed.split(separator: " ").suffix(3).map(String.init) {
                guard let value = Double(text) else { continue }
                #expect(try StrategyDescription(name, [parameter: value]).rule.name.isEmpty == false)
            }
        }
    }
}
